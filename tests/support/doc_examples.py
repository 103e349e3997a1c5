"""The examples in the documentation, run as a reader would run them.

A fenced block is an example when ``run`` stands after its language, and what else it needs after that::

    ```sh run
    ```python run server

``server`` asks for a running Stoa: ``STOA_URL`` and ``STOA_TOKEN`` are then set to reach it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .source import ROOT, name_of

_BLOCK = re.compile(r"^(```+)(\w+) run\b([^\n]*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_INTERPRETERS = {
    "python": [sys.executable, "-c"],
    "sh": ["bash", "-euo", "pipefail", "-c"],
}


@dataclass(frozen=True)
class Example:
    """One block: where it stands, what it is written in, what it needs, and its text."""

    path: Path
    line: int
    language: str
    needs: frozenset[str]
    code: str

    def __str__(self) -> str:
        return f"{name_of(self.path)}:{self.line}"

    def run(self, environment: Mapping[str, str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run it in ``folder``, with the project's interpreter as ``python``; its output is captured."""
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        return subprocess.run(
            [*_INTERPRETERS[self.language], self.code],
            env={**os.environ, "PATH": programs, **environment},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=100,
        )


def documents() -> list[Path]:
    """Every page that a reader may open first."""
    return [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]


def examples(path: Path) -> Iterator[Example]:
    """The examples of one page, in order."""
    text = path.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        yield Example(path, line, match[2], frozenset(match[3].split()), match[4])


def examples_that_need(*needs: str) -> list[Example]:
    """Every example of the documentation that needs exactly this."""
    return [example for path in documents() for example in examples(path) if example.needs == {*needs}]

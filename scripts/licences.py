"""Refuse packages whose licence would bind what is built with them: ``python -m scripts.licences``.

Looks at every package of ``requirements/serve.lock`` that is installed here, so at all that Stoa ships with.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

_BINDING = re.compile(r"(?<!L)GPL|Affero|GNU General Public", re.IGNORECASE)


def locked_names(lock: Path) -> Iterator[str]:
    """The names in a lock file: each starts a line."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if match := re.match(r"[A-Za-z0-9._-]+(?===)", line):
            yield match[0]


def statement(name: str) -> str | None:
    """What an installed package says of its licence, or None where it is not installed here."""
    try:
        told = metadata.metadata(name).json
    except metadata.PackageNotFoundError:
        return None
    if "license_expression" in told:
        return str(told["license_expression"])
    first_line = str(told.get("license", "")).strip().partition("\n")[0]
    classifiers = [line for line in told.get("classifier", []) if line.startswith("License ::")]
    return "; ".join(filter(None, [first_line, *(line.rpartition(" :: ")[2] for line in classifiers)]))


def problems(lock: Path) -> Iterator[str]:
    """A sentence for each package that may not be shipped."""
    for name in locked_names(lock):
        said = statement(name)
        if said is None:
            continue
        if not said:
            yield f"{name} states no licence"
        elif _BINDING.search(said):
            yield f"{name} is under {said}"


def main() -> int:
    lock = Path("requirements") / "serve.lock"
    found = list(problems(lock))
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"No binding licence among the {len(list(locked_names(lock)))} packages of {lock}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

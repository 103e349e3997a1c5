"""Reads blobs out of a clone: sizes in one go, contents one by one through a single process."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from src.core.errors import SourceError

from .plumbing import Plumbing

if TYPE_CHECKING:
    from git.cmd import Git


class DamagedCloneError(SourceError):
    """An object that must be in the clone is not, or cannot be read."""

    def __init__(self) -> None:
        super().__init__(
            "damaged_clone", "Stoa's copy of the repository is damaged; the next sync fetches it afresh."
        )


class Objects:
    """The blobs of one clone, for one sync. Safe in any thread; the process ends when this is let go."""

    def __init__(self, plumbing: Plumbing, folder: Path, *, timeout_s: float) -> None:
        self._plumbing = plumbing
        self._git_dir = f"--git-dir={folder}"
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._processes: list[Git.AutoInterrupt] = []  # one at most
        # Outside this object, so that the process ends in good order even in a reference cycle.
        self.close = weakref.finalize(self, self._processes.clear)

    def sizes(self, ids: Iterable[str]) -> dict[str, int]:
        """Bytes of each blob, by id. Raises DamagedCloneError where one is missing."""
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            return {}
        output = self._plumbing.run(
            self._git_dir,
            "cat-file",
            "--batch-check=%(objectname) %(objecttype) %(objectsize)",
            stdin="".join(f"{name}\n" for name in wanted).encode(),
            timeout_s=self._timeout_s,
        )
        sizes = {}
        for line in output.decode("ascii", "replace").splitlines():
            name, kind, *rest = line.split(" ")
            if kind != "blob":
                raise DamagedCloneError
            sizes[name] = int(rest[0])
        return sizes

    def read(self, name: str) -> bytes:
        """The content of a blob. A process that has died, or a clone made afresh meanwhile, is met by
        starting once more. Raises DamagedCloneError."""
        with self._lock:
            for _ in range(2):
                try:
                    content = self._ask(name)
                except (OSError, EOFError, ValueError):
                    content = None
                if content is not None:
                    return content
                self._processes.clear()
        raise DamagedCloneError

    def _ask(self, name: str) -> bytes | None:
        if not self._processes:
            self._processes.append(self._plumbing.converse(self._git_dir, "cat-file", "--batch"))
        pipes = self._processes[0].proc
        assert pipes is not None
        assert pipes.stdin is not None
        assert pipes.stdout is not None
        pipes.stdin.write(f"{name}\n".encode())
        pipes.stdin.flush()
        header = pipes.stdout.readline().split()
        if len(header) != 3 or header[1] != b"blob":
            return None
        size = int(header[2])
        content: bytes = pipes.stdout.read(size + 1)
        if len(content) != size + 1:
            raise EOFError
        return content[:size]

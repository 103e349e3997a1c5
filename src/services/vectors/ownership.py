"""One process at a time for a folder that a library cannot share."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from src.core.errors import ConfigurationError


class FolderOwnership:
    """Holds ``owner.lock`` in ``folder`` until ``release`` or the end of the process, however it ends.

    Raises ConfigurationError that names the owner's process id where another holds it, and where the
    folder cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "owner.lock").open("a+", encoding="ascii")
        except OSError as error:
            raise ConfigurationError(
                f"The vector store cannot be kept in {folder}: {error}. Make the folder writable, or set "
                "STOA_DATA_DIR to one that is."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise ConfigurationError(
                f"The vector store in {folder} is in use by process {owner}, and only one process may open "
                "it. Stop that process, or run a Chroma server and set STOA_CHROMA_URL in every process."
            ) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        self._file.close()

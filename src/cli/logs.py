"""Where the log goes: everything to a file in the data folder, what needs attention also to the terminal."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from pathlib import Path

from src.core.errors import ConfigurationError

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_BYTES = 10 * 2**20
_FILES = 5


class _Terminal(logging.StreamHandler):  # type: ignore[type-arg]
    """Writes to what standard error is at the moment: a progress bar puts itself in its place."""

    @property
    def stream(self) -> object:
        return sys.stderr

    @stream.setter
    def stream(self, _: object) -> None:
        return


def log_to(folder: Path, *, level: str, name: str) -> None:
    """Write the log to ``folder/logs/name.log``, warnings and errors also to the terminal."""
    path = folder / "logs" / f"{name}.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            path, maxBytes=_BYTES, backupCount=_FILES - 1, encoding="utf-8"
        )
    except OSError as error:
        raise ConfigurationError(
            f"The log {path} cannot be written: {error.strerror}. Make the data folder writable, or set "
            "STOA_DATA_DIR to one that is."
        ) from error
    terminal = _Terminal()
    terminal.setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for handler in (file, terminal):
        handler.setFormatter(logging.Formatter(_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[file, terminal], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # told by the metrics

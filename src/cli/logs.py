"""Where the log goes: everything to a file in the data folder, what needs attention also to the terminal."""

from __future__ import annotations

import json
import logging
import logging.handlers
import sys
from datetime import UTC, datetime
from pathlib import Path

from src.core.errors import ConfigurationError
from src.core.trace import current_correlation

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


class JsonLines(logging.Formatter):
    """An object a line: when, level, logger, thread and message, the correlation id of what the thread was
    busy with, and the trace of an error."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "thread": record.threadName,
            "message": record.getMessage(),
        }
        # A handler formats in the thread that logs.
        if correlation_id := current_correlation():
            line["correlation_id"] = correlation_id
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()


def log_to(folder: Path, *, level: str, name: str, layout: str = "text") -> None:
    """Write the log to ``folder/logs/name.log``, warnings and errors also to the terminal. ``layout`` is
    that of the lines: ``text``, or ``json``."""
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
        handler.setFormatter(JsonLines() if layout == "json" else logging.Formatter(_FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[file, terminal], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # told by the metrics

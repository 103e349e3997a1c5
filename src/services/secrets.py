"""The secret key of a data folder: made once, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from src.core.errors import ConfigurationError

_BYTES = 32


def load_or_create_secret(path: Path) -> bytes:
    """Return the 32 bytes that ``path`` holds as hex; where there is no file, make one (mode 0600).

    The file appears whole or not at all, and of several processes that start together all get the same
    key. Raises ConfigurationError where others may read the file, or it holds something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        if not path.exists():
            _create(path)
        return _load(path)
    except OSError as error:
        raise ConfigurationError(
            f"The secret key {path} cannot be read or written: {error.strerror}. Give Stoa access to it."
        ) from error


def _create(path: Path) -> None:
    # mkstemp opens with O_EXCL and mode 0600; the link fails where another process was first.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with open(handle, "wb") as file:
            file.write(f"{secrets.token_hex(_BYTES)}\n".encode())
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _load(path: Path) -> bytes:
    with path.open("rb") as file:
        state = os.fstat(file.fileno())
        if stat.S_IMODE(state.st_mode) & 0o077:
            raise ConfigurationError(
                f"Others may read the secret key {path}. Run: chmod 600 {path} — and replace the key if "
                "somebody else has used this machine."
            )
        text = file.read(1024)
    try:
        key = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise ConfigurationError(
            f"{path} does not hold a secret key of {_BYTES} bytes in hex. Restore it from a backup. "
            "Without one, move the file away: a new key is made, and credentials must be entered again."
        )
    return key

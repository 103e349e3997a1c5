"""Files as a multipart body (RFC 7578) that is read while it is sent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from src.core.errors import AppError

_CHUNK = 64 * 2**10


class UnreadableFileError(AppError):
    """A file of this machine that was to be sent cannot be read."""

    code = "unreadable"
    title = "The file cannot be read"


@dataclass(frozen=True)
class FilePart:
    """A file and the name that it is sent under."""

    name: str
    path: Path
    size: int


class Multipart:
    """The parts, each named ``files``. A file that cannot be read, or is shorter by then, breaks the request
    off with UnreadableFileError."""

    def __init__(self, files: tuple[FilePart, ...]) -> None:
        self._boundary = f"stoa-{secrets.token_hex(16)}"
        self._parts = [(_head(self._boundary, file.name), file) for file in files]
        self._end = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        return f"multipart/form-data; boundary={self._boundary}"

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        return sum(len(head) + file.size + 2 for head, file in self._parts) + len(self._end)

    def chunks(self) -> Iterator[bytes]:
        for head, file in self._parts:
            yield head
            yield from _content(file)
            yield b"\r\n"
        yield self._end


def _content(file: FilePart) -> Iterator[bytes]:
    """As many bytes as were announced."""
    left = file.size
    try:
        with file.path.open("rb") as opened:
            while left and (chunk := opened.read(min(_CHUNK, left))):
                left -= len(chunk)
                yield chunk
    except OSError as error:
        raise UnreadableFileError(f"{file.path} cannot be read: {error.strerror}.") from error
    if left:
        raise UnreadableFileError(f"{file.path} became shorter while it was sent; try again.")


def _head(boundary: str, name: str) -> bytes:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", " ")
    disposition = f'Content-Disposition: form-data; name="files"; filename="{quoted}"'
    return f"--{boundary}\r\n{disposition}\r\n\r\n".encode("utf-8", "replace")

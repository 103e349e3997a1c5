"""A look at a ZIP file's table of contents before anything in it is unpacked."""

from __future__ import annotations

import io
import zipfile

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.pieces import unreadable

_MOST_MEMBERS = 10_000
_HIGHEST_RATIO = 200
_HARMLESS = 4 * 2**20  # bytes; a small member may be as repetitive as it likes


def members(content: bytes, limits: ParsingLimits) -> frozenset[str]:
    """The names inside, once they are known to unpack within the limits.

    The sizes that the table of contents declares can be trusted as bounds: ``zipfile`` never unpacks
    more of a member than that. Raises DocumentError ``damaged``, ``encrypted``, ``unpacked_too_large``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise unreadable("damaged", "The file is damaged: its ZIP structure cannot be read.") from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise unreadable("encrypted", "The file is encrypted; remove its password and add it again.")
    if len(entries) > _MOST_MEMBERS:
        detail = f"The file is made of {len(entries)} parts; up to {_MOST_MEMBERS} are allowed."
        raise unreadable("unpacked_too_large", detail)
    total = sum(entry.file_size for entry in entries)
    if total > limits.max_unpacked_bytes:
        detail = f"The file unpacks to {total} bytes; up to {limits.max_unpacked_bytes} are allowed."
        raise unreadable("unpacked_too_large", detail)
    for entry in entries:
        if entry.file_size > _HARMLESS and entry.file_size > _HIGHEST_RATIO * max(1, entry.compress_size):
            detail = "The file is packed so tightly that it must be an archive bomb; it was not unpacked."
            raise unreadable("unpacked_too_large", detail)
    return frozenset(entry.filename for entry in entries)

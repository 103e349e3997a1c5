"""What the first bytes of a file say it is, whatever its name claims."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Family = Literal["archive", "binary", "office", "pdf", "zip"]

HEAD_BYTES = 16_384
"""How much of a file's beginning the checks in this package want to see."""

_PDF = re.compile(rb"[\s\x00\xef\xbb\xbf]*%PDF-")
_CONTROL = bytes(set(range(32)) - {7, 8, 9, 10, 11, 12, 13, 27}) + b"\x7f"


@dataclass(frozen=True)
class Signature:
    """A recognised kind of non-text bytes: its family and its name in a sentence ("a PNG image")."""

    family: Family
    label: str


# (offset, bytes there, family, label)
_MAGIC: tuple[tuple[int, bytes, Family, str], ...] = (
    (0, b"PK\x03\x04", "zip", "a ZIP archive"),
    (0, b"PK\x05\x06", "zip", "an empty ZIP archive"),
    (0, b"PK\x07\x08", "zip", "a ZIP archive in several volumes"),
    (0, b"\x1f\x8b", "archive", "a gzip archive"),
    (0, b"BZh", "archive", "a bzip2 archive"),
    (0, b"\xfd7zXZ\x00", "archive", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "archive", "a Zstandard archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "archive", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "archive", "a RAR archive"),
    (0, b"MSCF\x00", "archive", "a cabinet archive"),
    (0, b"!<arch>\n", "archive", "an ar archive"),
    (0, b"\x04\x22\x4d\x18", "archive", "an LZ4 archive"),
    (257, b"ustar", "archive", "a tar archive"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office", "an old Office document (.doc, .xls, .ppt)"),
    (0, b"{\\rtf", "office", "an RTF document"),
    (0, b"\x89PNG\r\n\x1a\n", "binary", "a PNG image"),
    (0, b"\xff\xd8\xff", "binary", "a JPEG image"),
    (0, b"GIF87a", "binary", "a GIF image"),
    (0, b"GIF89a", "binary", "a GIF image"),
    (0, b"II*\x00", "binary", "a TIFF image"),
    (0, b"MM\x00*", "binary", "a TIFF image"),
    (0, b"\x00\x00\x01\x00", "binary", "an icon"),
    (0, b"8BPS", "binary", "a Photoshop image"),
    (8, b"WEBP", "binary", "a WebP image"),
    (8, b"WAVE", "binary", "a sound file"),
    (8, b"AVI ", "binary", "a video"),
    (4, b"ftyp", "binary", "a video or image in an ISO container"),
    (0, b"\x1a\x45\xdf\xa3", "binary", "a Matroska video"),
    (0, b"OggS", "binary", "an Ogg sound or video file"),
    (0, b"ID3", "binary", "an MP3 sound file"),
    (0, b"fLaC", "binary", "a FLAC sound file"),
    (0, b"\x7fELF", "binary", "a program (ELF)"),
    (0, b"MZ", "binary", "a Windows program"),
    (0, b"\xcf\xfa\xed\xfe", "binary", "a program (Mach-O)"),
    (0, b"\xce\xfa\xed\xfe", "binary", "a program (Mach-O)"),
    (0, b"\xca\xfe\xba\xbe", "binary", "a compiled Java class or program"),
    (0, b"\x00asm", "binary", "a WebAssembly program"),
    (0, b"SQLite format 3\x00", "binary", "a SQLite database"),
    (0, b"wOFF", "binary", "a font"),
    (0, b"wOF2", "binary", "a font"),
    (0, b"OTTO", "binary", "a font"),
    (0, b"\x00\x01\x00\x00\x00", "binary", "a font"),
    (0, b"BM", "binary", "a bitmap image"),
)

_ZIP_DOCUMENTS = {
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".pptx": "a PowerPoint presentation",
    ".odt": "an OpenDocument text",
    ".ods": "an OpenDocument spreadsheet",
    ".odp": "an OpenDocument presentation",
    ".epub": "an EPUB book",
    ".vsdx": "a Visio drawing",
    ".pages": "a Pages document",
}


def identify(head: bytes, name: str) -> Signature | None:
    """The signature at the start of ``head``, or None where there is none (text, or unknown bytes).

    A family ``zip`` is left to the caller where the name says ``.docx`` or nothing; other Office
    documents in ZIP form come out as ``office`` and every other ZIP as ``archive``.
    """
    # Readers of PDF pass over what a mailer or a web server put before it, within the first kilobyte.
    if _PDF.match(head[:1024]) or (name.endswith(".pdf") and b"%PDF-" in head[:1024]):
        return Signature("pdf", "a PDF")
    for offset, magic, family, label in _MAGIC:
        if head[offset : offset + len(magic)] != magic:
            continue
        # A signature of letters alone may begin a text ("BMW"), so the rest must not read as one.
        if magic.strip().isalnum() and b"\x00" not in head and _is_utf8(head):
            continue
        if family == "zip":
            return _zip_kind(name, label)
        return Signature(family, label)
    return None


def _zip_kind(name: str, label: str) -> Signature:
    suffix = "." + name.rpartition(".")[2].lower()
    if suffix in _ZIP_DOCUMENTS:
        return Signature("office", _ZIP_DOCUMENTS[suffix])
    return Signature("zip" if suffix == ".docx" else "archive", label)


def binary_mark(head: bytes) -> str | None:
    """What shows that the bytes are no text in any encoding that Stoa reads, as the object of a sentence;
    None where nothing does."""
    if not head or head.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")):
        return None
    if utf16_without_mark(head):
        return None
    mark = "NUL characters" if b"\x00" in head else "control characters"
    control = len(head) - len(head.translate(None, _CONTROL))
    if control > len(head) * 0.05:
        return mark
    return mark if b"\x00" in head and not _is_utf8(head) else None


def utf16_without_mark(head: bytes) -> Literal["utf-16-le", "utf-16-be"] | None:
    """The byte order where every second byte of mostly Latin text is NUL and the others hardly are."""
    sample = head[:4096]
    if len(sample) < 4:
        return None
    even, odd = sample[0::2], sample[1::2]
    even_share, odd_share = even.count(0) / len(even), odd.count(0) / len(odd)
    if odd_share > 0.4 and even_share < 0.1:
        return "utf-16-le"
    if even_share > 0.4 and odd_share < 0.1:
        return "utf-16-be"
    return None


def _is_utf8(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3  # a character cut by the end of the head
    return True

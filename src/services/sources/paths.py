"""A file's name as text that can be stored anywhere, whatever bytes the file system or git holds."""

from __future__ import annotations

import hashlib
import unicodedata


def readable_path(raw: bytes) -> str:
    """UTF-8 names stay as they are. In others each bad byte is shown as ``�`` and a mark made of the raw
    bytes goes before the suffix (``caf�~1f3a09bc.py``), so that one path has one name, always the same.
    """
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        mark = hashlib.sha256(raw).hexdigest()[:8]
        folder, slash, name = raw.decode("utf-8", "replace").rpartition("/")
        stem, dot, suffix = name.rpartition(".")
        if not stem:
            return f"{folder}{slash}{name}~{mark}"
        return f"{folder}{slash}{stem}~{mark}{dot}{suffix}"


def holds_control(text: str) -> bool:
    """Whether a control character is in ``text``, or half a surrogate pair, which UTF-8 cannot hold."""
    return any(unicodedata.category(character) in {"Cc", "Cs"} for character in text)

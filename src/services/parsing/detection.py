"""Which format reads a document, by its first bytes, its media type, its name and what it looks like."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from .pieces import Format, Original, unreadable
from .signatures import HEAD_BYTES, Signature, binary_mark, identify

_VAGUE = frozenset(
    {"", "application/octet-stream", "text/plain", "application/x-empty", "binary/octet-stream"}
)
_MARKUP = frozenset(
    {
        "text/markdown",
        "text/x-markdown",
        "text/html",
        "application/xhtml+xml",
        "text/x-rst",
        "text/prs.fallenstein.rst",
        "application/x-ipynb+json",
    }
)
_NAMES = {
    "rakefile": ".rb",
    "gemfile": ".rb",
    "vagrantfile": ".rb",
    "pkgbuild": ".sh",
    ".bashrc": ".sh",
    ".profile": ".sh",
    ".zshrc": ".sh",
    "sconstruct": ".py",
    "sconscript": ".py",
}
_INTERPRETERS = {
    "python": ".py",
    "bash": ".sh",
    "sh": ".sh",
    "zsh": ".sh",
    "dash": ".sh",
    "ksh": ".sh",
    "node": ".js",
    "ruby": ".rb",
    "php": ".php",
    "lua": ".lua",
}
_SHEBANG = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+(?:-\S+\s+)*)?(?:\S*/)?([a-z]+)[\d.]*")
_HTML = re.compile(rb"\A[\s\xef\xbb\xbf]*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html)\b", re.I | re.S)
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")


class Detector:
    """Chooses among ``formats``; the last of them takes every text that no other claims."""

    def __init__(self, formats: Sequence[Format]) -> None:
        self._text = formats[-1]
        self._suffixes: Mapping[str, Format] = {s: f for f in reversed(formats) for s in f.suffixes}
        self._media_types: Mapping[str, Format] = {m: f for f in reversed(formats) for m in f.media_types}

    def choose(self, original: Original, media_type: str | None) -> Format:
        """Raises DocumentError where no format may read the bytes, with the reason as its code."""
        head = original.content[:HEAD_BYTES]
        signature = identify(head, original.name)
        if signature is not None:
            return self._by_signature(signature, original)
        kind = (media_type or "").partition(";")[0].strip().lower()
        chosen = self._by_declaration(kind, original, head)
        if chosen in (self._suffixes[".pdf"], self._suffixes[".docx"]):
            wanted = "PDF" if chosen is self._suffixes[".pdf"] else "Word document"
            raise unreadable("damaged", f"The file is named or declared a {wanted} but does not hold one.")
        if mark := binary_mark(head):
            detail = f"The file holds {mark}, as no text does; if it is one, remove them and add it again."
            raise unreadable("binary", detail)
        return chosen

    def _by_signature(self, signature: Signature, original: Original) -> Format:
        if signature.family == "pdf":
            return self._suffixes[".pdf"]
        if signature.family == "zip" or (signature.family == "archive" and _is_word(original)):
            return self._suffixes[".docx"]
        if signature.family == "archive":
            detail = f"The file is {signature.label}; archives are not unpacked. Add the files in it."
            raise unreadable("archive", detail)
        if signature.family == "office":
            if _ENCRYPTED_OFFICE in original.content:
                raise unreadable("encrypted", "The document is encrypted; remove its password first.")
            detail = f"The file is {signature.label}; save it as .docx or .pdf and add that."
            raise unreadable("unsupported_format", detail)
        raise unreadable("binary", f"The file is {signature.label}; it holds no text.")

    def _by_declaration(self, kind: str, original: Original, head: bytes) -> Format:
        if kind in _MARKUP:
            return self._media_types[kind]
        suffix = _NAMES.get(original.name, original.suffix)
        if suffix in self._suffixes:
            return self._suffixes[suffix]
        if kind not in _VAGUE and kind in self._media_types:
            return self._media_types[kind]
        if shebang := _SHEBANG.match(head[:200]):
            suffix = _INTERPRETERS.get(shebang[1].decode(), "")
            if suffix:
                return self._suffixes[suffix]
        if _HTML.match(head):
            return self._media_types["text/html"]
        return self._text


def _is_word(original: Original) -> bool:
    """A Word document under a name that does not say so."""
    return b"word/document.xml" in original.content and b"[Content_Types].xml" in original.content

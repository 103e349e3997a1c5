"""Character classes and folding for text beyond ASCII."""

from __future__ import annotations

import unicodedata

HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# Written without spaces between words, or (Hangul) with words that carry their endings.
UNSPACED = (
    HAN
    + "\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"  # Hiragana, Katakana
    + "\u1100-\u11ff\uac00-\ud7a3"  # Hangul
    + "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece"  # Thai, Lao
    + "\u1000-\u109f\u1780-\u17d3"  # Myanmar, Khmer
)

# Vowel signs and other marks inside words; ``\w`` leaves them out and would cut the word there.
MARKS = (
    "\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957"
    "\u0962\u0963\u0981-\u0983\u09bc-\u09cd\u09d7\u0a01-\u0a03\u0a3c-\u0a4d\u0a70\u0a71\u0a81-\u0a83"
    "\u0abc-\u0acd\u0b01-\u0b03\u0b3c-\u0b57\u0b82\u0bbe-\u0bcd\u0c00-\u0c04\u0c3c-\u0c56\u0c81-\u0c83"
    "\u0cbc-\u0cd6\u0d00-\u0d03\u0d3b-\u0d4d\u0d57\u0dca-\u0ddf\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ebc"
    "\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3\u3099\u309a"
)

_NO_DECOMPOSITION = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
    "ł": "l", "Ł": "L", "ı": "i", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th",
}  # fmt: skip


def folding() -> dict[int, str | None]:
    """A table for ``str.translate``: accents of Latin and Greek letters off, invisible characters out.

    To be used after NFKC. Other scripts keep their marks: there they are letters of their own.
    """
    table: dict[int, str | None] = {ord(c): plain for c, plain in _NO_DECOMPOSITION.items()}
    for block in (range(0xC0, 0x250), range(0x370, 0x400), range(0x1E00, 0x2000)):
        for point in block:
            base = unicodedata.normalize("NFD", chr(point))[0]
            if base != chr(point):
                table[point] = base
    invisible = (0xAD, 0x2060, 0xFEFF)  # soft hyphen, word joiner, byte order mark
    for point in (*range(0x300, 0x370), *invisible):
        table[point] = None
    return table

"""Keeps generated and quoted text inert in Markdown: nothing in it loads, links, or passes for a citation.

A page that shows an answer cleans its HTML as well; this holds for every other reader of the text. The
only live parts of an answer are its own `[n]` markers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_TICKS = re.compile(r"`+")
# Hostile text may be long and of one kind of bracket: nothing here is looked at twice for the same beginning.
_IMAGE = re.compile(r"!\[([^\[\]]*+)\](?:\([^)]*+\)|\[[^\]]*+\])")
_LINK = re.compile(r"\[([^\[\]]*+)\]\(\s*+<?+([^)\s>]*+)>?+[^)]*+\)")
_ADDRESS = re.compile(
    r"<?(\b(?:[a-z][a-z0-9+.-]{1,20}:(?://|(?=[^\s:]*@)|(?<=javascript:)|(?<=data:))|www\.)[^\s<>\"'`\])]+"
    r"|(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+)>?",
    re.IGNORECASE,
)
_TAIL = ".,;:!?*_"
_ACTIVE = re.compile(
    r"`|<(?=[A-Za-z/!?])|!(?=\[)|\](?=[(\[])|\[(?=\s*\d[\d\s,;–-]*\])|(?m:^ {0,3}\[(?=[^\]\n]*\]:))"
)
_BLOCK_START = re.compile(r"(?:#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|=+\s*$|\d{1,9}(?=[.)](?:\s|$))|~{3,}|\|)")

REMOVED = "(link removed)"


def inert(text: str, known: Callable[[str], bool] | None = None) -> str:
    """``text`` with images reduced to their description, links to their text, HTML and bracketed numbers
    escaped, and addresses as inline code. An address that is not ``known`` is removed; None knows all.

    Inline code stays as it is; a backtick that opens none is escaped. Works on any slice of a text: what
    a slice leaves open, such as `](`, is escaped too.
    """
    parts: list[str] = []
    position = 0
    for start, end in code_spans(text):
        parts += [_inert_prose(text[position:start], known), text[start:end]]
        position = end
    parts.append(_inert_prose(text[position:], known))
    return "".join(parts)


def code_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where inline code stands, with its backticks, by CommonMark's rules: a run is closed by the next
    run of its length, and a backtick behind a backslash opens nothing."""
    position = 0
    while found := _TICKS.search(text, position):
        start = found.start() + (1 if _is_escaped(text, found.start()) else 0)
        ticks = text[start : found.end()]
        closing = next((run for run in _TICKS.finditer(text, found.end()) if run.group() == ticks), None)
        if ticks and closing:
            yield start, closing.end()
            position = closing.end()
        else:
            position = found.end()


def quoted(text: str) -> str:
    """A quoted sentence on one line: white space folded, nothing active, no block syntax at its start."""
    line = " ".join(text.split())
    if line.count("`") % 2:
        line = line.replace("`", "'")
    line = inert(line)
    start = _BLOCK_START.match(line)
    if not start:
        return line
    digits = start.group().isdigit()
    return f"{start.group()}\\{line[start.end() :]}" if digits else f"\\{line}"


def fenced(code: str, language: str) -> str:
    """A block of code, verbatim, between fences that no line of it can close. Of ``language``, which may be
    all that stood behind a fence, the first word counts."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    named = re.search(r"\w[\w+#.-]{0,29}", language)
    return f"{fence}{named.group() if named else ''}\n{code.rstrip()}\n{fence}"


def code_span(text: str) -> str:
    """``text`` as inline code on one line."""
    line = " ".join(text.split())
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}" if line else ""


def _inert_prose(text: str, known: Callable[[str], bool] | None) -> str:
    if not text:
        return text
    text = _IMAGE.sub(lambda found: found.group(1), text)
    text = _LINK.sub(_link_text, text)
    parts: list[str] = []
    position = 0
    for found in _ADDRESS.finditer(text):
        address = found.group(1).rstrip(_TAIL)
        shown = code_span(address) if known is None or known(address) else REMOVED
        tail = found.group(1)[len(address) :]
        parts += [_escaped(text[position : found.start()]), shown, tail]
        position = found.end()
    parts.append(_escaped(text[position:]))
    return "".join(parts)


def _link_text(found: re.Match[str]) -> str:
    label, address = found.group(1).strip(), found.group(2)
    if label and (label == address or not _ADDRESS.search(address)):
        return label
    return f"{label} {address}".strip()


def _escaped(text: str) -> str:
    def escape(found: re.Match[str]) -> str:
        if _is_escaped(text, found.start()):
            return found.group()
        return (
            f"\\{found.group()}" if len(found.group()) == 1 else f"{found.group()[:-1]}\\{found.group()[-1]}"
        )

    return _ACTIVE.sub(escape, text)


def _is_escaped(text: str, position: int) -> bool:
    before = text[:position]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1

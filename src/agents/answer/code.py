"""Quotes code: what it is, and the lines of it that a question is about, verbatim."""

from __future__ import annotations

import re
from dataclasses import dataclass

from src.core.messages.questions import Hit
from src.core.passages import PassageKind
from src.services.text.sentences import Words, sentence_spans

MOST_LINES = 30
_HEAD_LINES = 8
_CODE_KINDS = frozenset(
    {PassageKind.MODULE, PassageKind.CLASS, PassageKind.FUNCTION, PassageKind.METHOD, PassageKind.CODE}
)
_OPENS_CODE = re.compile(
    r"\s*(?:@\w+|(?:async )?def \w+ ?\(|class \w+[^.]*[:{]\s*$|from [\w.]+ import |import [\w.]+\s*;?$|"
    r"#include\b|package \w[\w.]*;?$|(?:export )?(?:async )?function\b.*\(|(?:pub )?fn \w+|"
    r"func (?:\(.*\) )?\w+\(|"
    r"(?:public|private|protected|static) )",
)
_CODE_LINE = re.compile(
    r"\s*(?:return\b|(?:if|for|while|with) .*:$|else:|try:|(?:let|const|var|using|namespace)\b|"
    r"\w[\w.\[\]]*\s*[-+*/|&]?=\s*\S|\w[\w.]*\(.*\)\s*;?$|[{}()\]]+;?,?$|//|/\*|\*/)|.*[;{]\s*$"
)
_DEFINES = re.compile(r"^\s*(?:async\s+)?(?:def|class|function|func|fn)\s+(\w+)", re.MULTILINE)
_PROSE_FORMATS = frozenset({"markdown", "rst", "text", "html", "asciidoc", ""})


@dataclass(frozen=True)
class CodeExtract:
    """Blocks of consecutive lines, verbatim; ``complete`` where they are the whole passage."""

    blocks: tuple[str, ...]
    complete: bool


def is_code(hit: Hit) -> bool:
    """Whether a passage is code, by its kind or, for imported text, by its look."""
    if hit.kind in _CODE_KINDS:
        return str(hit.attributes.get("language") or "code").lower() not in _PROSE_FORMATS
    if hit.kind is PassageKind.CELL:
        return bool(hit.attributes.get("language")) and hit.attributes.get("cell_type") != "markdown"
    lines = [line for line in hit.text.splitlines() if line.strip()]
    if not lines or _OPENS_CODE.match(lines[0]):
        return bool(lines)
    looks = sum(bool(_CODE_LINE.match(line) or _OPENS_CODE.match(line)) for line in lines)
    return looks >= 0.5 * len(lines)


def language_of(hit: Hit) -> str:
    """The name for a fence: the parser's, or Python where text looks like it."""
    known = str(hit.attributes.get("language") or "")
    looks = re.search(r"^\s*(?:def \w+\(|class \w+.*:|import \w+|from \w+ import )", hit.text, re.MULTILINE)
    return known or ("python" if looks else "")


def name_of(hit: Hit) -> str:
    """What the code defines, or nothing."""
    found = _DEFINES.search(hit.text)
    return hit.symbol or (found.group(1) if found else "")


def summary_of(hit: Hit) -> str:
    """The first sentence or line of a docstring, or nothing."""
    docstring = str(hit.attributes.get("docstring") or "").strip()
    paragraph = re.split(r"\n\s*\n", docstring, maxsplit=1)[0]
    line = " ".join(paragraph.split())
    start, end = next(sentence_spans(line, 0, len(line)), (0, 0))
    return line[start:end][:300]


def gist_of(hit: Hit) -> str:
    """What a piece of code is about, in few words: name, signature and summary, for comparing."""
    signature = str(hit.attributes.get("signature") or "") or hit.text.strip().partition("\n")[0]
    summary = summary_of(hit) or _first_docstring_line(hit.text)
    return " ".join(f"{hit.symbol or ''} {signature} {summary}".split())[:400]


def extract_code(text: str, question_words: frozenset[str], words: Words) -> CodeExtract:
    """At most MOST_LINES lines: all of a short passage; of a long one its head (the signature and what
    follows) and the window that holds most of the question's words."""
    lines = text.rstrip().splitlines(keepends=True)
    while lines and not lines[0].strip():
        del lines[0]
    if len(lines) <= MOST_LINES:
        return CodeExtract(("".join(lines).rstrip(),), complete=True)
    gains = [len(question_words & set(words(line))) for line in lines]
    window = MOST_LINES - _HEAD_LINES
    at = max(range(len(lines) - window + 1), key=lambda start: (sum(gains[start : start + window]), -start))
    if at <= _HEAD_LINES:
        return CodeExtract(("".join(lines[:MOST_LINES]).rstrip(),), complete=False)
    head, body = "".join(lines[:_HEAD_LINES]).rstrip(), "".join(lines[at : at + window]).rstrip()
    return CodeExtract((head, body), complete=False)


def _first_docstring_line(text: str) -> str:
    found = re.search(r"(?:\"\"\"|''')\s*([^\n\"']+)", text)
    return found.group(1).strip() if found else ""

"""What holds for every parsed document, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument, PassageDraft
from src.services.parsing.lines import Lines


class Parses(Protocol):
    def parse(self, content: bytes, *, name: str, media_type: str | None) -> ParsedDocument: ...


def check(document: ParsedDocument, source: str | None, count: Callable[[Sequence[str]], list[int]]) -> None:
    """``source`` is the decoded file; it is not needed where the document has a readable text."""
    text = document.readable_text if document.readable_text is not None else source
    assert text is not None
    lines = Lines(text)
    assert document.drafts
    for draft in document.drafts:
        _check_place(draft, lines)
        for string in strings([draft.text, draft.context, draft.symbol, draft.attributes]):
            assert "\0" not in string
            string.encode("utf-8")
    assert max(count([draft.text for draft in document.drafts])) <= 256 - 32 - 2
    covered = set[int]()
    for draft in document.drafts:
        covered.update(range(draft.location.start_line or 0, (draft.location.end_line or 0) + 1))
    missing = [n for n in range(1, len(lines) + 1) if n not in covered and not lines.is_blank(n)]
    assert not missing


def attempt(parser: Parses, content: bytes, name: str) -> ParsedDocument | str:
    """The document, or the code of its refusal; any other exception is a failure of the test."""
    try:
        return parser.parse(content, name=name, media_type=None)
    except DocumentError as error:
        return error.code


def _check_place(draft: PassageDraft, lines: Lines) -> None:
    location = draft.location
    assert location.start_line is not None
    assert location.end_line is not None
    assert 1 <= location.start_line <= location.end_line <= len(lines)
    assert location.path is None
    assert location.commit is None
    whole = lines.text(location.start_line, location.end_line)
    assert draft.text in whole
    if draft.text != whole:  # only a monstrous line is cut inside
        assert "parts" in draft.attributes
        inner = draft.text.split("\n")[1:-1]
        assert inner == lines.all[location.start_line : location.end_line - 1]
    assert draft.text.strip()


def strings(value: Any) -> Iterator[str]:
    """Every string inside, also in lists and dicts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)

"""Where a quotation stands: from a passage and a quote of it to a citation that opens at the right lines."""

from __future__ import annotations

from collections.abc import Mapping

from src.core.messages.questions import Citation, Hit
from src.core.passages import Location

from .draft import Cited


def citation(cited: Cited, hit: Hit, content_hashes: Mapping[str, str | None]) -> Citation:
    """The citation of ``hit`` by ``cited``; ``content_hashes`` are of the searched versions, by document."""
    return Citation(
        marker=str(cited.number),
        passage_id=hit.passage_id,
        document_id=hit.document_id,
        collection_id=hit.collection_id,
        external_id=hit.external_id,
        title=hit.title,
        uri=hit.uri,
        location=narrowed(hit.location, hit.text, cited.quote),
        quote=cited.quote,
        content_hash=content_hashes.get(hit.document_id),
    )


def narrowed(location: Location, text: str, quote: str) -> Location:
    """The lines of ``quote`` alone, where the passage's lines are the lines of its text."""
    start, end = location.start_line, location.end_line
    position = text.find(quote) if quote else -1
    lines = text.count("\n") + (0 if text.endswith("\n") else 1)
    if start is None or end is None or position < 0 or end - start + 1 != lines:
        return location
    first = start + text.count("\n", 0, position)
    last = first + quote.rstrip("\n").count("\n")
    return location.model_copy(update={"start_line": first, "end_line": min(last, end)})

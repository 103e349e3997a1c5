"""What tests of sources do again and again: sync one, and look at what was listed."""

from __future__ import annotations

from src.core.ports import SourceChanges, SourceReader, SourceSpec


def sync(
    source: SourceReader, spec: SourceSpec, since: str | None = None, source_id: str = "s1"
) -> SourceChanges:
    """Check the spec, then list what changed."""
    checked = source.check(spec)
    return source.changes(checked, source_id=source_id, since=since, report=lambda text: None)


def paths(changes: SourceChanges) -> set[str]:
    return {file.path for file in changes.files}


def texts(changes: SourceChanges) -> dict[str, bytes]:
    return {file.path: file.read() for file in changes.files}


def reasons(changes: SourceChanges) -> dict[str, str]:
    """The code for each skipped path."""
    return {skipped.path: skipped.code for skipped in changes.skipped}

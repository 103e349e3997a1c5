"""Renamed files keep their documents, also where one takes the name that another gave up."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from src.core.passages import Location
from src.core.ports import SourceFile
from src.database.models import DocumentRecord, SourceRecord
from src.database.uow import UnitOfWork
from src.services.indexing.passages import placed

from .intake import external_digest, queue


def vacating_first(files: Sequence[SourceFile]) -> list[SourceFile]:
    """The files in their order, but one that was renamed away from a path before the one that takes it."""
    leaving = {file.previous_path: file for file in files if file.previous_path}
    ordered: dict[str, SourceFile] = {}
    for file in files:
        chain: list[SourceFile] = []
        link: SourceFile | None = file
        while link is not None and link.path not in ordered and link not in chain:
            chain.append(link)
            link = leaving.get(link.path)
        ordered.update((link.path, link) for link in reversed(chain))
    return list(ordered.values())


def follow(
    work: UnitOfWork, source: SourceRecord, revision: str | None, files: Sequence[SourceFile], job_id: str
) -> int:
    """Give the documents of renamed files their new paths, and have them wait for the job; returns how many
    were moved. A document whose new path is taken stays where it is."""
    renamed = [file for file in files if file.previous_path]
    paths = {path for file in renamed for path in (file.path, file.previous_path or "")}
    known = work.documents.by_external(
        source.collection_id, [external_digest(source.id, path) for path in sorted(paths)]
    )
    moved = 0
    for file in renamed:
        before = external_digest(source.id, file.previous_path or "")
        after = external_digest(source.id, file.path)
        if before not in known or after in known:
            continue
        document = known[after] = known.pop(before)
        _move(work, source, revision, document, file.path)
        document.external_digest = after
        # The words of a name are searched and its suffix may ask for another parser; a vector is
        # made again only where the passages differ.
        queue(document)
        document.job_id = job_id
        # The next of a chain takes the path that this one leaves.
        work.session.flush()
        moved += 1
    return moved


def _move(
    work: UnitOfWork, source: SourceRecord, revision: str | None, document: DocumentRecord, path: str
) -> None:
    document.external_id = document.title = document.path = path
    document.uri = web_address(source, revision, path)
    document.commit = revision if source.kind == "git" else None
    for passage in work.passages.live_of(document.id):
        place = Location.model_validate(passage.location)
        passage.location = placed(place, document)


def web_address(source: SourceRecord, revision: str | None, path: str) -> str | None:
    """Where the file can be seen in a browser, for repositories on hosts that lay it out like GitHub; None
    also for a name that is not UTF-8, whose bytes are not kept."""
    if source.kind != "git" or not source.location.startswith("https://") or not revision:
        return None
    if "\ufffd" in path:
        return None
    base = source.location.removesuffix("/").removesuffix(".git")
    view = "-/blob" if base.startswith("https://gitlab.") else "blob"
    return f"{base}/{view}/{revision}/{quote(path)}"

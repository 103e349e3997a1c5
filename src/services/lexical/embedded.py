"""The lexical index in folders of the data directory, on tantivy."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from src.core.ports import LexicalEntry, Scored
from src.services.text.analyser import Analyser

from .folder import IndexFolder, locked, make_schema

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_MOST_WORDS = 512
_FEW_IDS = 200


class EmbeddedLexicalIndex:
    """BM25 (k1 1.2, b 0.75) by tantivy, one folder below ``root`` for each index.

    The engine sees only words that the analyser made, so its own tokenizer and query syntax play no
    part. What ``upsert`` and ``delete`` change is durable and visible when they return. Threads may
    search while one writes; writers take turns, also those of other processes.
    """

    def __init__(self, root: Path, analyser: Analyser) -> None:
        self._root = root
        self._analyser = analyser
        self._open: dict[str, IndexFolder] = {}
        # One question is looked up in several indexes, and again among what was found by meaning.
        self._wanted = lru_cache(64)(self._asked)
        root.mkdir(parents=True, exist_ok=True)
        for left_over in root.glob(".dropped-*"):
            shutil.rmtree(left_over, ignore_errors=True)

    @property
    def version(self) -> str:
        return f"tantivy-1/{self._analyser.version}"

    def create(self, index: str) -> None:
        IndexFolder.create(self._path(index))

    def upsert(self, index: str, entries: Sequence[LexicalEntry]) -> None:
        import tantivy

        folder = self._folder(index)
        analysed = [(e.passage_id, self._analyser.analyse(f"{e.title}\n{e.text}")) for e in entries]
        if not analysed:
            return
        with folder.writer() as writer:
            for passage_id, analysis in analysed:
                writer.delete_documents_by_term("id", passage_id)
                words, common = " ".join(analysis.content), " ".join(analysis.common)
                writer.add_document(tantivy.Document(id=passage_id, words=words, common=common))

    def delete(self, index: str, ids: Sequence[str]) -> None:
        folder = self._folder(index)
        if not ids:
            return
        with folder.writer() as writer:
            for passage_id in ids:
                writer.delete_documents_by_term("id", passage_id)

    def search(self, index: str, query: str, k: int, among: Collection[str] | None = None) -> list[Scored]:
        folder = self._folder(index)
        searcher = folder.searcher()
        wanted = self._wanted(query)
        limit = min(k, searcher.num_docs)
        if limit < 1 or wanted is None or (among is not None and not among):
            return []
        if among is None:
            hits = _top(searcher, wanted, limit)
        elif limit * searcher.num_docs < 3 * len(among) ** 2:
            hits = _filtered(searcher, wanted, limit, among)
        else:
            hits = _top(searcher, _restricted(self._schema, wanted, among), limit)
        return sorted(hits, key=lambda hit: (-hit.score, hit.passage_id))

    def ids(self, index: str) -> set[str]:
        import tantivy

        searcher = self._folder(index).searcher()
        # The filter leaves out deleted documents, whose ids stay in the dictionary until a merge.
        terms = searcher.terms_with_prefix("id", "", filter_query=tantivy.Query.all_query())
        return {term for term, _ in terms}

    def drop(self, index: str) -> None:
        path = self._path(index)
        self._open.pop(index, None)
        if not path.exists():
            return
        with locked(path):
            dropped = path.rename(self._root / f".dropped-{index}")
            shutil.rmtree(dropped, ignore_errors=True)

    def indexes(self) -> set[str]:
        return {meta.parent.name for meta in self._root.glob("[!.]*/meta.json")}

    def close(self) -> None:
        self._open.clear()

    def _asked(self, query: str) -> Any:
        """The engine's query for a question; None for one without words. A question of nothing but stop words
        is still looked up, by them."""
        analysis = self._analyser.analyse(query)
        field, words = ("words", analysis.content) if analysis.content else ("common", analysis.common)
        return _any_of(self._schema, field, words) if words else None

    @cached_property
    def _schema(self) -> Any:
        return make_schema()

    def _path(self, index: str) -> Path:
        if not _NAME.fullmatch(index):
            raise ValueError(f"not an index id: {index!r}")
        return self._root / index

    def _folder(self, index: str) -> IndexFolder:
        folder = self._open.get(index)
        if folder is None:
            folder = self._open.setdefault(index, IndexFolder(self._path(index)))
        return folder


def _any_of(schema: Any, field: str, words: Sequence[str]) -> Any:
    from tantivy import Occur, Query

    clauses = []
    for word, count in Counter(words).most_common(_MOST_WORDS):
        term = Query.term_query(schema, field, word, "freq")
        clauses.append((Occur.Should, term if count == 1 else Query.boost_query(term, float(count))))
    return Query.boolean_query(clauses)


def _restricted(schema: Any, wanted: Any, among: Collection[str]) -> Any:
    """``wanted`` within a set of ids: about 4 microseconds for each of a few ids. The engine's own query for
    a set costs half as much for each, but a quarter of a millisecond before the first."""
    from tantivy import Occur, Query

    if len(among) > _FEW_IDS:
        members = Query.term_set_query(schema, "id", list(among))
    else:
        named = (Query.term_query(schema, "id", one, "basic") for one in among)
        members = Query.boolean_query([(Occur.Should, each) for each in named])
    return Query.boolean_query([(Occur.Must, wanted), (Occur.Must, Query.const_score_query(members, 0.0))])


def _filtered(searcher: Any, wanted: Any, limit: int, among: Collection[str]) -> list[Scored]:
    """The same by looking deeper until enough hits are members: quicker where ``among`` is large."""
    members = among if isinstance(among, set | frozenset) else set(among)
    depth = limit
    while True:
        depth = min(depth * 4, searcher.num_docs)
        hits = _top(searcher, wanted, depth)
        found = [hit for hit in hits if hit.passage_id in members][:limit]
        if len(found) == limit or len(hits) < depth or depth == searcher.num_docs:
            return found


def _top(searcher: Any, query: Any, limit: int) -> list[Scored]:
    hits = searcher.search(query, limit, count=False).hits
    return [Scored(searcher.doc(address)["id"][0], score) for score, address in hits]

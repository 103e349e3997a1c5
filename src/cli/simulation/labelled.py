"""Labelled sets in the BEIR layout: a folder with ``corpus.jsonl``, ``queries.jsonl``, and ``qrels.tsv`` or a
folder ``qrels`` with such files, of which all are read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Any

from src.cli.exits import UsageError
from src.core.errors import NotFoundError
from src.core.messages.questions import LONGEST_QUESTION


@dataclass(frozen=True)
class Document:
    """A document to be found."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question with the grades of the documents that answer it. Questions of one ``group`` (a thread, a
    conversation) are asked all or not at all; without one a question stands for itself."""

    id: str
    text: str
    labels: Mapping[str, float]
    group: str


@dataclass(frozen=True)
class LabelledSet:
    """Documents, and the questions that one of them answers. ``left_out`` counts the questions without."""

    name: str
    documents: tuple[Document, ...]
    questions: tuple[Question, ...]
    left_out: int


def read_set(folder: Path, *, with_documents: bool = True) -> LabelledSet:
    """Questions that differ only in case and white space are one. A document without text has its title for
    text, and one without either is none. Without documents ``corpus.jsonl`` need not be there, and every
    document that a question names is taken for one.

    Raises NotFoundError for a missing folder or file, UsageError with the line that cannot be read.
    """
    corpus, queries = folder / "corpus.jsonl", folder / "queries.jsonl"
    qrels = _qrels(folder)
    missing = [path.name for path in (corpus, queries) if not path.is_file()]
    if not with_documents and corpus.name in missing:
        missing.remove(corpus.name)
    if not qrels:
        missing.append("qrels.tsv")
    if missing:
        raise NotFoundError(
            f"{folder} is not a labelled set: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "missing. A set is a folder with corpus.jsonl, queries.jsonl and qrels.tsv (or qrels/*.tsv)."
        )
    documents: dict[str, Document] = {}
    if with_documents:
        found = (_document(id_, line, place) for place, id_, line in _objects(corpus))
        documents = {document.id: document for document in found if document.text}
    labels = _labels(qrels)
    questions: dict[str, Question] = {}
    left_out = 0
    for place, id_, line in _objects(queries):
        text = _text(line, place).strip()[:LONGEST_QUESTION].strip()
        if not text:
            raise UsageError(f"{place}: the question is empty.")
        known = {
            key: grade
            for key, grade in labels.get(id_, {}).items()
            if grade > 0 and (key in documents or not with_documents)
        }
        if not known:
            left_out += 1
            continue
        key = " ".join(text.casefold().split())
        twin = questions.get(key)
        if twin is None:
            questions[key] = Question(id_, text, known, str(line.get("group") or id_))
        else:
            questions[key] = replace(twin, labels={**twin.labels, **known})
    if not questions:
        where = f" in {corpus.name}" if with_documents else ""
        raise UsageError(f"{queries}: no question has a right document{where}, by the qrels beside it.")
    return LabelledSet(folder.resolve().name, tuple(documents.values()), tuple(questions.values()), left_out)


def _objects(path: Path) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The place, the id and the object of each line."""
    for place, line in _lines(path):
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if not isinstance(value, dict) or not isinstance(value.get("id", value.get("_id")), str | int):
            raise UsageError(f'{place}: not a JSON object with an "id".')
        yield place, str(value.get("id", value.get("_id"))), value


def _document(id_: str, line: Mapping[str, Any], place: str) -> Document:
    title, text = str(line.get("title") or ""), _text(line, place)
    return Document(id_, title, text if text.strip() else title.strip())


def _qrels(folder: Path) -> list[Path]:
    """The files that say what is right; a set may be divided for those who train."""
    whole = folder / "qrels.tsv"
    return [whole] if whole.is_file() else sorted((folder / "qrels").glob("*.tsv"))


def _labels(paths: Sequence[Path]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for path in paths:
        for number, (place, line) in enumerate(_lines(path)):
            cells = line.split("\t")
            try:
                query, document, grade = cells[0], cells[1], float(cells[2])
                if not isfinite(grade):
                    raise ValueError(grade)
            except (IndexError, ValueError):
                if number == 0 and len(cells) == 3:  # the header
                    continue
                raise UsageError(f"{place}: not a query, a document and a grade with tabs between.") from None
            found[query.strip()][document.strip()] = grade
    return found


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The lines that are not empty, each with its place in words."""
    try:
        with path.open(encoding="utf-8-sig") as opened:
            for number, line in enumerate(opened, start=1):
                if line.strip():
                    yield f"{path}, line {number}", line.rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: {error.reason}.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error


def _text(line: Mapping[str, Any], place: str) -> str:
    text = line.get("text")
    if not isinstance(text, str):
        raise UsageError(f'{place}: it has no "text".')
    return text

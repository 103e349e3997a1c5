"""Labelled sets in the BEIR layout: ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv`` in a folder."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from src.cli.exits import UsageError
from src.core.errors import NotFoundError

_LONGEST = 4000
"""Characters of a question that a search takes."""


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


def read_set(folder: Path) -> LabelledSet:
    """Questions that differ only in case and white space are one.

    Raises NotFoundError for a missing folder or file, UsageError with the line that cannot be read.
    """
    paths = [folder / name for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv")]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise NotFoundError(
            f"{folder} is not a labelled set: {', '.join(missing)} is missing. A set is a folder with "
            "corpus.jsonl, queries.jsonl and qrels.tsv."
        )
    corpus, queries, qrels = paths
    documents = {
        id_: Document(id_, str(line.get("title") or ""), _text(line, place))
        for place, id_, line in _objects(corpus)
    }
    labels = _labels(qrels)
    questions: dict[str, Question] = {}
    left_out = 0
    for place, id_, line in _objects(queries):
        text = _text(line, place).strip()[:_LONGEST].strip()
        if not text:
            raise UsageError(f"{place}: the question is empty.")
        known = {key: grade for key, grade in labels.get(id_, {}).items() if key in documents and grade > 0}
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
        raise UsageError(f"{queries}: no question has a right document in {corpus.name}, by {qrels.name}.")
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


def _labels(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for number, (place, line) in enumerate(_lines(path)):
        cells = line.split("\t")
        try:
            query, document, grade = cells[0], cells[1], float(cells[2])
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

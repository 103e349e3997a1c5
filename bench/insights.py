"""Whether insights tell apart what is missing from what is there, where readers say next to nothing."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select, update

from src.core.messages.collections import CreateCollection
from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.insights import Cause, Insight, ListInsights, RefreshInsights
from src.core.messages.questions import Search, SearchResults
from src.database.models import RatingRecord

from .house import BenchHouse, house
from .table import SHARED, Row, Table, scratch

INDEXED = 200
FAILING = 150
CONTENT = 100


@dataclass(frozen=True)
class Questions:
    """``missing`` have their passage left out of the index, ``present`` have it there; ``content`` are others
    with their passage, of which readers find it."""

    texts: dict[str, str]
    missing: list[str]
    present: list[str]
    content: list[tuple[str, str]]


def run() -> Table:
    """Every failing question has its first hit disliked, without a reason."""
    with scratch() as data_dir, house(data_dir, learning=False) as bench:
        asked = _questions()
        collection = _fill(bench, asked.texts)
        for question in (*asked.missing, *asked.present):
            _rate(bench, _search(bench, collection, question, 5), 0, Verdict.DOWN)
        for question, name in asked.content:
            found = _search(bench, collection, question, 10)
            places = [place for place, hit in enumerate(found.hits) if hit.external_id == name]
            if places:
                _rate(bench, found, places[0], Verdict.UP)
        _let_count(bench)
        began = time.perf_counter()
        bench.finish(bench.ask(RefreshInsights(collection_id=collection)).job_id)
        took = time.perf_counter() - began
        insights = bench.ask(ListInsights(collection_id=collection)).items
    told = [(example.question, example.cause) for one in insights for example in one.examples]
    right = _share(told, set(asked.missing))
    wrong = _share(told, set(asked.present))
    return Table(
        "Insights",
        f"FeedbackQA, {INDEXED} of its passages indexed; {FAILING} questions whose passage was left out and "
        f"{FAILING} whose passage is there, each with its first hit disliked and no reason; {CONTENT} others "
        "have what they look for liked. Shares are of the examples that the report gives.",
        (
            Row("missing passages told as nothing indexed", right),
            Row("present passages told as nothing indexed", wrong, goal="few: it must not send people away"),
            Row(f"a report over {2 * FAILING} questions, with 100 searches repeated", f"{took:.1f} s"),
            Row("groups in the report, questions in the largest", _sizes(insights)),
        ),
    )


def _questions() -> Questions:
    folder = SHARED / "feedbackqa"
    draw = random.Random(1)
    passages = [json.loads(line) for line in (folder / "corpus.jsonl").read_text("utf-8").splitlines()]
    draw.shuffle(passages)
    texts = {one["id"]: f"{one['title']}\n\n{one['text']}" for one in passages[:INDEXED]}
    rows = [line.split("\t") for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]]
    answers = {question: passage for question, passage, _ in rows}
    queries = [json.loads(line) for line in (folder / "queries.jsonl").read_text("utf-8").splitlines()]
    draw.shuffle(queries)
    there = [(one["text"], answers[one["id"]]) for one in queries if answers.get(one["id"]) in texts]
    gone = [one["text"] for one in queries if one["id"] in answers and answers[one["id"]] not in texts]
    present = [question for question, _ in there[:FAILING]]
    content = [(question, f"{name}.txt") for question, name in there[FAILING : FAILING + CONTENT]]
    return Questions(texts, gone[:FAILING], present, content)


def _fill(bench: BenchHouse, texts: dict[str, str]) -> str:
    collection = bench.ask(CreateCollection(name="FeedbackQA")).id
    files = tuple(UploadedFile(name=f"{key}.txt", content=text.encode()) for key, text in texts.items())
    bench.finish(bench.ask(AddDocuments(collection_id=collection, files=files)).job_id)
    return collection


def _search(bench: BenchHouse, collection: str, question: str, k: int) -> SearchResults:
    return bench.ask(Search(query=question, collection_ids=(collection,), k=k))


def _rate(bench: BenchHouse, found: SearchResults, place: int, verdict: Verdict) -> None:
    passage_id = found.hits[place].passage_id
    bench.ask(RateHit(query_id=found.query_id, passage_id=passage_id, verdict=verdict))


def _let_count(bench: BenchHouse) -> None:
    """Wait until all votes are checked, and let those of this one tireless reader count that are held."""
    database = bench.application.database
    while True:
        with database.read() as work:
            new = select(func.count()).select_from(RatingRecord).where(RatingRecord.state == "new")
            if not work.session.scalar(new):
                break
        time.sleep(0.2)
    with database.begin() as writing:
        writing.session.execute(update(RatingRecord).values(state="counted"))
        writing.commit()


def _share(told: list[tuple[str, str]], questions: set[str]) -> str:
    causes = Counter(cause for question, cause in told if question in questions)
    return f"{causes[Cause.NOTHING_INDEXED] / max(1, causes.total()):.0%} of {causes.total()}"


def _sizes(insights: tuple[Insight, ...]) -> str:
    return f"{len(insights)}, {max((one.questions for one in insights), default=0)}"

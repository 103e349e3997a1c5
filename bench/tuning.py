"""What tuning the embedding model gains beside the rungs below it, from the votes of simulated readers."""

from __future__ import annotations

import json
import math
import random
import time
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.messages.accounts import CreateUser, SignIn
from src.core.messages.collections import CreateCollection
from src.core.messages.console import ListAgents
from src.core.messages.documents import ImportDocuments
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.indexes import ListIndexVersions
from src.core.messages.models import GetModel, ModelDetail
from src.core.messages.questions import Hit, Search
from src.core.messages.training import ListTrainingRuns, StartTraining
from src.services import registry
from src.services.evaluation.bootstrap import paired_bootstrap

from .house import BenchHouse, house
from .table import SHARED, Row, Table, scratch

READERS = 30
ASKED = 1000
NEVER_ASKED = 543
_WRONG_BUTTON = 0.1
_PASSWORD = SecretStr("a long enough one")

Scores = NDArray[np.float64]


class Conala:
    """Questions with their right documents; those of one thread of Stack Overflow are asked all or not at
    all."""

    def __init__(self) -> None:
        folder, chance = SHARED / "conala", random.Random(0)
        self.corpus = [json.loads(line) for line in (folder / "corpus.jsonl").read_text().splitlines()]
        self.right: dict[str, set[str]] = {}
        for line in (folder / "qrels.tsv").read_text().splitlines()[1:]:
            question, document, _ = line.split("\t")
            self.right.setdefault(question, set()).add(document)
        every = [json.loads(line) for line in (folder / "queries.jsonl").read_text().splitlines()]
        threads = sorted({_thread(one["id"]) for one in every})
        chance.shuffle(threads)
        apart = set(threads[: len(threads) // 4])
        known = [one for one in every if one["id"] in self.right]
        self.never = [one for one in known if _thread(one["id"]) in apart][:NEVER_ASKED]
        self.asked = [one for one in known if _thread(one["id"]) not in apart]
        chance.shuffle(self.asked)


def run() -> Table:
    """The default, the ladder, the tuned model alone and with rank weights, on questions never asked."""
    if find_spec("torch") is None:
        raise RuntimeError("torch is not installed: make train")
    conala = Conala()
    with scratch() as data_dir, house(data_dir, learning=False, index_build_share=1.0) as bench:
        collection = _fill(bench, conala)
        ups = _vote(bench, collection, conala)
        ladder, ladder_s = _train(bench, collection, "ladder")
        both, both_s = _train(bench, collection, "full")
        _wait_for_index(bench, collection, both)
        base = _scores(bench, collection, conala, _default(bench, collection))
        rows = [Row("the untrained default", f"nDCG@10 {base.mean():.3f}")]
        for name, model_id in (
            (f"the ladder: {', '.join(ladder.card['rungs'])} ({ladder_s:.0f} s)", ladder.id),
            ("the tuned embedding model alone", _alone(bench, both)),
            (f"the tuned embedding model with rank weights ({both_s:.0f} s)", both.id),
        ):
            change = paired_bootstrap(_scores(bench, collection, conala, model_id), base)
            gain = f"{change.mean:+.3f} [{change.lower:+.3f}, {change.upper:+.3f}]"
            rows.append(Row(name, gain, f"default {base.mean():.3f}", 1 + change.mean / base.mean()))
    return Table(
        "Tuning the embedding model",
        f"""conala: {READERS} readers ask {ASKED} questions, look at rank r with probability r^-0.5 and vote
as in the loop, a tenth of them with the wrong button: {ups} up-votes. nDCG@10 of {len(conala.never)}
questions never asked, less that of the default, with the paired bootstrap interval of 95 %. In brackets what
training took; the full run has one core, at low priority, on a machine that others use too.""",
        tuple(rows),
    )


def _fill(bench: BenchHouse, conala: Conala) -> str:
    collection: str = bench.ask(CreateCollection(name="conala")).id
    lines = [json.dumps({"external_id": d["id"], "title": "", "text": d["text"]}) for d in conala.corpus]
    bench.finish(bench.ask(ImportDocuments(collection_id=collection, body="\n".join(lines).encode())).job_id)
    return collection


def _vote(bench: BenchHouse, collection: str, conala: Conala) -> int:
    chance, readers, ups = random.Random(1), [_reader(bench, n) for n in range(READERS)], 0
    orchestrator = bench.application.orchestrator
    for number, asked in enumerate(conala.asked[:ASKED]):
        reader = readers[number % READERS]
        search = Search(query=asked["text"], collection_ids=(collection,), k=10)
        found = orchestrator.ask(search, orchestrator.context(reader))
        seen = [hit for hit in found.hits if chance.random() < hit.rank**-0.5]
        if not seen:
            continue
        target, verdict = _verdict(seen, conala.right[asked["id"]], chance)
        rate = RateHit(query_id=found.query_id, passage_id=target.passage_id, verdict=verdict)
        orchestrator.ask(rate, orchestrator.context(reader))
        ups += verdict is Verdict.UP
    while any(agent.backlog for agent in bench.ask(ListAgents()).items):
        time.sleep(0.2)
    return ups


def _verdict(seen: list[Hit], right: set[str], chance: random.Random) -> tuple[Hit, Verdict]:
    """Up for the first right one seen, else down for the first; sometimes the other button."""
    good = next((hit for hit in seen if hit.external_id in right), None)
    up = (good is not None) != (chance.random() < _WRONG_BUTTON)
    return good or seen[0], Verdict.UP if up else Verdict.DOWN


def _reader(bench: BenchHouse, number: int) -> Caller:
    name = f"reader{number}"
    bench.ask(CreateUser(username=name, password=_PASSWORD))
    orchestrator = bench.application.orchestrator
    user = orchestrator.ask(
        SignIn(username=name, password=_PASSWORD), orchestrator.context(Caller.anonymous())
    )
    return Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))


def _train(bench: BenchHouse, collection: str, trainer: str) -> tuple[ModelDetail, float]:
    began = time.monotonic()
    bench.finish(bench.ask(StartTraining(collection_id=collection, trainer=trainer)).job_id)
    took = time.monotonic() - began
    run = bench.ask(ListTrainingRuns(collection_id=collection)).items[0]
    if run.model_id is None:
        raise RuntimeError(f"{trainer} made no model: {run.reason}")
    return bench.ask(GetModel(model_id=run.model_id)), took


def _wait_for_index(bench: BenchHouse, collection: str, model: ModelDetail) -> None:
    version = model.card["embedding_version"]
    while not any(
        index.embedding_version == version and index.state == "standby"
        for index in bench.ask(ListIndexVersions(collection_id=collection)).indexes
    ):
        time.sleep(0.2)


def _default(bench: BenchHouse, collection: str) -> str:
    with bench.application.database.begin() as work:
        model_id = registry.live_model(work, collection).id
        work.commit()
        return model_id


def _alone(bench: BenchHouse, model: ModelDetail) -> str:
    """The id of a model that ranks the same index by the default."""
    with bench.application.database.begin() as work:
        record = registry.register(
            work,
            model.collection_id,
            kind="embedding",
            state="candidate",
            embedding_version=model.card["embedding_version"],
            card={},
            by="bench",
            reason="Without rank weights.",
        )
        work.commit()
        return record.id


def _scores(bench: BenchHouse, collection: str, conala: Conala, model_id: str) -> Scores:
    """nDCG@10 of each question never asked."""
    reached = []
    for asked in conala.never:
        search = Search(query=asked["text"], collection_ids=(collection,), k=10, model_id=model_id)
        right = conala.right[asked["id"]]
        gained = sum(
            1 / math.log2(hit.rank + 1) for hit in bench.ask(search).hits if hit.external_id in right
        )
        reached.append(gained / sum(1 / math.log2(rank + 1) for rank in range(1, min(len(right), 10) + 1)))
    return np.array(reached)


def _thread(question_id: str) -> str:
    return question_id.partition("-")[0]

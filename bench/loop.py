"""What the loop makes, unattended, of noisy and position-biased votes: a real server, over HTTP alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from src.cli.client import Client
from src.cli.simulation.agenda import Apart
from src.cli.simulation.curve import show_checkpoint
from src.cli.simulation.house import own_server
from src.cli.simulation.labelled import LabelledSet, read_set
from src.cli.simulation.replay import Replay
from src.cli.simulation.results import Checkpoint, Outcome, Standing
from src.cli.simulation.scene import CHECKPOINTS, Scene
from src.core.settings import Settings
from src.services.evaluation.bootstrap import paired_bootstrap

from .table import SHARED, Row, Table, scratch

COLLECTION = "labelled"
OUTCOMES = Path(__file__).resolve().parents[1] / ".cache" / "loop"


@dataclass(frozen=True)
class Case:
    """A set, what is kept apart in it, how often it is played with other seeds, and the goal for the gain
    of what readers get in the end."""

    name: str
    goal: float
    runs: int
    apart: Apart = "question"


CASES = (
    Case("conala", 0.03, 1),
    Case("cosqa", 0.015, 1),
    Case("scifact", 0.04, 2),
    Case("feedbackqa", 0.02, 1, apart="passage"),
)


PARTS = tuple(case.name for case in CASES)
TITLE = "The loop"
ABOUT = f"""A server of its own for each run, driven over its API: 30 readers put {CHECKPOINTS[-1]} questions,
look at rank r with probability r^-0.5, give an up-vote to the first right passage that they see and else a
down-vote to the first, and press the wrong button in a tenth of the cases. Training, gate, trial and
promotion are left to the agents. A quarter of the questions is never asked; on these the figures are nDCG@10
of what readers get less that of the untrained default, with the paired bootstrap interval of 95 % over the
questions of all runs of the set. In feedbackqa asked and never-asked questions have no right passage in
common. “Seen” are the never-asked questions of which a right passage has an up-vote. How memory fades with
distance was chosen on divisions of these same sets, and on feedbackqa with a look at the questions that the
run measures: its gain is optimistic by an amount that only a division nobody has seen would tell."""


def run(name: str) -> Table:
    """One set. Each run is kept when it ends, and is not made again while it is there: an interrupted
    benchmark goes on where it stopped, and ``.cache/loop`` is removed to measure anew."""
    case = next(case for case in CASES if case.name == name)
    outcomes = play(case)
    return Table(name, "", tuple(_rows(case, outcomes)), level=3)


def play(case: Case) -> list[Outcome]:
    """Every run of a case begins with a copy of one data folder that has the documents."""
    wanted = [seed for seed in range(case.runs) if not _kept(case, seed).exists()]
    if wanted:
        labelled = _labelled(case.name)
        with scratch() as filled:
            with _server(filled) as client:
                collection = client.post("/collections", {"name": COLLECTION})["id"]
                Replay(client, labelled, Scene(), _tell).fill(collection)
            for seed in wanted:
                _keep(case, seed, _run(case, labelled, filled, seed))
    return [_read(case, seed) for seed in range(case.runs)]


def _run(case: Case, labelled: LabelledSet, filled: Path, seed: int) -> Outcome:
    print(f"{case.name}, run {seed + 1} of {case.runs}", file=sys.stderr, flush=True)
    with scratch() as folder:
        shutil.copytree(filled, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("models"))
        with _server(folder) as client:
            (collection,) = [one["id"] for one in client.items("/collections") if one["name"] == COLLECTION]
            scene = Scene(seed=seed, apart=case.apart)
            return Replay(client, labelled, scene, _tell).run(collection)


def _kept(case: Case, seed: int) -> Path:
    return OUTCOMES / f"{case.name}-{seed}.json"


def _keep(case: Case, seed: int, outcome: Outcome) -> None:
    OUTCOMES.mkdir(parents=True, exist_ok=True)
    told = replace(outcome, settings={**outcome.settings, "commit": _commit()})
    _kept(case, seed).write_text(json.dumps(told.as_json()))


def _commit() -> str:
    """What was measured; empty outside a checkout."""
    asked = ["git", "-C", str(OUTCOMES.parents[1]), "rev-parse", "--short", "HEAD"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _read(case: Case, seed: int) -> Outcome:
    outcome = Outcome.from_json(json.loads(_kept(case, seed).read_text()))
    for problem in outcome.problems:
        print(f"{case.name}, run {seed + 1}: {problem}", file=sys.stderr)
    return outcome


@contextmanager
def _server(folder: Path) -> Iterator[Client]:
    with own_server(Settings(data_dir=folder), os.environ, folder=folder) as client:
        yield client


def _labelled(name: str) -> LabelledSet:
    """Rewordings of one question of Stack Overflow are asked all or not at all: the number before the dash
    is the thread's."""
    found = read_set(SHARED / name)
    if name != "conala":
        return found
    return replace(
        found,
        questions=tuple(replace(one, group=one.id.partition("-")[0]) for one in found.questions),
    )


def _tell(checkpoint: Checkpoint) -> None:
    show_checkpoint(checkpoint, error=True)


def _rows(case: Case, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    base = fmean(one.checkpoints[0].promoted.figures["ndcg@10"] for one in outcomes)
    first = outcomes[0]
    yield Row(
        "the untrained default",
        f"nDCG@10 {base:.3f}",
        f"{_runs(len(outcomes))}, {first.asked} questions asked, {first.kept} never",
    )
    for place, checkpoint in enumerate(first.checkpoints[1:], start=1):
        last = place == len(first.checkpoints) - 1
        up = fmean(one.checkpoints[place].votes["up"] for one in outcomes)
        yield Row(
            f"after {checkpoint.interactions} questions ({up:.0f} up-votes)",
            _gain(outcomes, place),
            _promoted(outcomes, place),
            goal=f"at least {case.goal:+.3f}" if last else "",
        )
    for which in ("seen", "unseen"):
        yield Row(
            f"the same, {which} only",
            _share(outcomes, which),
            goal="not below -0.01" if which == "unseen" else "",
        )
    yield Row("time of a run", _time(outcomes), _searches(outcomes))
    yield Row("measured at", ", ".join(dict.fromkeys(str(one.settings.get("commit")) for one in outcomes)))


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def _gain(outcomes: Sequence[Outcome], place: int) -> str:
    """Pooled: a question that several runs kept counts once, with the mean of its changes."""
    changes: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        base = outcome.checkpoints[0].promoted.questions
        for question, value in outcome.checkpoints[place].promoted.questions.items():
            changes[question].append(value - base[question])
    column = np.array([fmean(values) for values in changes.values()])
    found = paired_bootstrap(column, np.zeros_like(column))
    runs = ", ".join(f"{_last_gain(one.checkpoints[place].promoted):+.3f}" for one in outcomes)
    return f"{found.mean:+.4f} [{found.lower:+.3f}, {found.upper:+.3f}] (runs {runs})"


def _last_gain(standing: Standing) -> float:
    return standing.gain.mean if standing.gain else 0.0


def _promoted(outcomes: Sequence[Outcome], place: int) -> str:
    live = [one.checkpoints[place].promoted for one in outcomes]
    return "readers get " + ", ".join(
        "the default with its memory" if one.role == "memory" else f"version {one.version}" for one in live
    )


def _share(outcomes: Sequence[Outcome], which: str) -> str:
    parts = [getattr(one.checkpoints[-1].promoted, which) for one in outcomes]
    there = [part for part in parts if part is not None]
    total = sum(part.questions for part in there)
    if not total:
        return "none"
    mean = sum(part.mean * part.questions for part in there) / total
    return f"{mean:+.4f} on {total / len(outcomes):.0f} questions"


def _time(outcomes: Sequence[Outcome]) -> str:
    parts: dict[str, list[float]] = defaultdict(list)
    for outcome in outcomes:
        for part, spent in outcome.seconds.items():
            parts[part].append(spent)
    return ", ".join(f"{part} {fmean(spent):.0f} s" for part, spent in parts.items() if part != "accounts")


def _searches(outcomes: Sequence[Outcome]) -> str:
    first, last = (
        fmean(times[0] for one in outcomes if (times := one.checkpoints[place].search_ms))
        for place in (1, -1)
    )
    return f"median search {first:.0f} ms at first, {last:.0f} ms in the end"

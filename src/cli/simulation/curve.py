"""The learning curve in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from src.cli.output import console, printable

from .examiner import Change
from .results import Checkpoint, Outcome, Standing

_HEAD = f"{'after':>6} {'up':>5}  {'model':26} {'nDCG@10':>7}  {'gain [95 %]':24}  {'seen':14}  unseen"


def show_head(name: str, asked: int, kept: int, *, error: bool = False) -> None:
    """What is measured, and the head of the table; on standard error where the result is for a program."""
    out = console(error=error)
    out.print(printable(f"{name}: readers ask {asked} questions; {kept} others are never asked and measure."))
    out.print(_HEAD, style="bold")


def show_checkpoint(checkpoint: Checkpoint, *, error: bool = False) -> None:
    """A line for each model; what readers get is marked."""
    out = console(error=error)
    for standing in checkpoint.standings:
        live = standing.role == checkpoint.live
        out.print(printable(_line(checkpoint, standing, live=live)), style="bold" if live else "")


def show_end(outcome: Outcome) -> None:
    """What the loop did, what became of the votes, and what it all took."""
    out = console()
    out.print()
    for happening in outcome.happenings:
        out.print(printable(f"{happening.interaction:>6}  {_told(happening.topic, happening.payload)}"))
    for kind, treatment in outcome.treatment.items():
        votes = ", ".join(f"{count} {state}" for state, count in sorted(treatment.votes.items()))
        out.print(f"votes of {treatment.readers} {kind} readers: {votes}")
    last = outcome.checkpoints[-1]
    if last.search_ms:
        out.print("readers' searches: median {:.0f} ms, 95th percentile {:.0f} ms".format(*last.search_ms))
    out.print("seconds: " + ", ".join(f"{spent:g} {part}" for part, spent in outcome.seconds.items()))
    for problem in outcome.problems:
        console(error=True).print(printable(f"problem: {problem}"), style="red")


def _line(checkpoint: Checkpoint, standing: Standing, *, live: bool) -> str:
    name = (
        standing.role if standing.version is None else f"{standing.role}: {standing.version} {standing.kind}"
    )
    return (
        f"{checkpoint.interactions:>6} {checkpoint.votes.get('up', 0):>5}  {'*' if live else ' '}{name:25} "
        f"{standing.figures['ndcg@10']:>7.3f}  {_interval(standing.gain):24}  {_short(standing.seen):14}  "
        f"{_short(standing.unseen)}"
    ).rstrip()


def _interval(change: Change | None) -> str:
    return f"{change.mean:+.4f} [{change.lower:+.3f}, {change.upper:+.3f}]" if change else ""


def _short(change: Change | None) -> str:
    return f"{change.mean:+.4f} of {change.questions}" if change else ""


def _told(topic: str, payload: Mapping[str, object]) -> str:
    return " ".join([topic.rsplit(".", 1)[0], *_details(payload)])


def _details(payload: Mapping[str, object]) -> Iterator[str]:
    for name in ("purpose", "state", "votes", "decision", "decided_by", "reason", "sentence"):
        if payload.get(name) not in (None, ""):
            yield f"{name} {payload[name]};"

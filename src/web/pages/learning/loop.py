"""The loop of a collection as the steps that the page draws."""

from __future__ import annotations

from dataclasses import dataclass

from src.core.messages.learning import LearningOverview
from src.web.display import number, plural

_FIRST_RUN = "the first run is due with 30"
_NEXT_RUN = "the next is due with 50, or a quarter of all where that is more"


@dataclass(frozen=True)
class Step:
    """One step: what it is called, the figure that says most, and a sentence.

    ``tone`` is ``busy`` where something is going on, ``warn`` where it waits for a person."""

    name: str
    title: str
    figure: str
    detail: str
    tone: str = ""


def steps(overview: LearningOverview) -> tuple[Step, ...]:
    """From the readers' votes to the model that ranks, in the order in which one leads to the next."""
    return (
        _ratings(overview),
        _memory(overview),
        _training(overview),
        _gate(overview),
        _trial(overview),
        _live(overview),
    )


def quiet(overview: LearningOverview) -> bool:
    """Whether nothing has happened yet: no reader rated anything, and nothing was trained or promoted."""
    votes = overview.votes
    said = votes.up or votes.down or votes.held or votes.discarded
    return not (said or overview.run_id or overview.models or overview.comparison_id)


def _ratings(overview: LearningOverview) -> Step:
    votes = overview.votes
    figure = f"{number(votes.up)} up, {number(votes.down)} down"
    if votes.held:
        waiting = f"{number(votes.held)} held until somebody looks at them; {figure} count"
        return Step("ratings", "Ratings", f"{number(votes.held)} to look at", waiting, "warn")
    if not votes.up and not votes.down:
        return Step("ratings", "Ratings", "none yet", "Readers rate hits and citations with a click")
    return Step("ratings", "Ratings", figure, f"{number(votes.last_week)} of them in the last seven days")


def _memory(overview: LearningOverview) -> Step:
    if not overview.votes.questions:
        return Step("memory", "Memory", "empty", "The first up-vote is remembered at once")
    return Step(
        "memory",
        "Memory",
        plural(overview.votes.questions, "question"),
        "What helped is lifted when nearly the same is asked",
        "good",
    )


def _training(overview: LearningOverview) -> Step:
    waiting = f"{plural(overview.votes_since_run, 'up-vote')} that no run has seen yet"
    if overview.retrain_due and overview.run_state != "running":
        return Step("training", "Training", "retrain due", _gone(overview.votes_gone), "warn")
    if overview.run_state is None:
        first = f"{waiting}; {_FIRST_RUN}" if overview.votes_since_run else f"{_FIRST_RUN} up-votes"
        return Step("training", "Training", "not yet", first)
    if overview.run_state == "running":
        return Step("training", "Training", "running", waiting, "busy")
    version = f"data set {overview.dataset_version}" if overview.dataset_version else overview.run_state
    if overview.run_state in {"failed", "refused"}:
        return Step("training", "Training", overview.run_state, overview.run_reason or waiting, "warn")
    return Step("training", "Training", version, f"{waiting}; {_NEXT_RUN}", "good")


def _gone(count: int) -> str:
    votes = plural(count, "vote is", "votes are")
    return f"{votes} gone that the live model learned from; the next run is made without them"


def _gate(overview: LearningOverview) -> Step:
    candidates, rejected = overview.models.get("candidate", 0), overview.models.get("rejected", 0)
    detail = f"{rejected} rejected so far" if rejected else "A candidate has to prove itself offline first"
    if candidates:
        return Step("gate", "Gate", f"{candidates} not proved yet", detail, "busy")
    gated = overview.models.get("gated", 0)
    return Step("gate", "Gate", f"{gated} passed and waiting" if gated else "nothing to prove", detail)


def _trial(overview: LearningOverview) -> Step:
    if overview.experiment_id is None:
        return Step("trial", "Trial", "none", "Two rankings are mixed, and votes tell which is better")
    what = {
        "trial": "a candidate is tried",
        "watch": "the promoted model is watched",
        "aa": "a test of the trial",
    }
    figure = what.get(overview.experiment_purpose or "", "running")
    if overview.experiment_paused:
        return Step("trial", "Trial", figure, "paused, as searches were slow or failed; it goes on by itself")
    look = overview.experiment_look
    votes = f"{plural(overview.experiment_votes, 'up-vote')} on mixed lists so far"
    detail = votes if look is None else f"{votes}; looked at when {look} of them count"
    return Step("trial", "Trial", figure, detail, "busy")


def _live(overview: LearningOverview) -> Step:
    if overview.live_version is None or overview.live_version == 1:
        return Step("live", "Live", "the default", "Nothing has been promoted yet")
    since = overview.live_since
    return Step(
        "live",
        "Live",
        f"version {overview.live_version}",
        f"since {since:%-d %b %Y, %H:%M} UTC" if since else "",
        "good",
    )

"""What a comparison of answers has shown so far, arm by arm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from statistics import median

from src.agents.experiment_runner.progress import Progress, interval, pace
from src.agents.experiment_runner.rules import decision_rule, stored_shares
from src.core.messages.experiments import Arm, ArmPoint, SplitCheck
from src.database.models import ExperimentRecord
from src.database.repositories.splits import Given, given_in, said_in
from src.database.uow import Work
from src.services.evaluation.assignment import CONTROL, TREATMENT, SampleRatio, halves, sample_ratio
from src.services.evaluation.split import Contrast, Judgement, approval, contrast

_POINTS = 24


def judgements(work: Work, record: ExperimentRecord) -> list[Judgement]:
    return [Judgement(one.reader, one.arm, one.question, one.up) for one in said_in(work.session, record)]


def contrast_of(record: ExperimentRecord, said: Sequence[Judgement]) -> Contrast:
    return contrast(said, stored_shares(record.rule))


def split_of(record: ExperimentRecord, given: Sequence[Given]) -> SampleRatio:
    """Whether as many readers were given answers of each arm as were to be."""
    readers = {arm: {one.reader for one in given if one.arm == arm} for arm in (CONTROL, TREATMENT)}
    weights = halves(record.share)
    counts = {arm: len(found) for arm, found in readers.items()}
    return sample_ratio(counts, {arm: weights[arm] for arm in counts})


def arms_of(work: Work, record: ExperimentRecord) -> tuple[tuple[Arm, ...], SplitCheck]:
    """Both arms, and whether the split between them is sound."""
    given, said = given_in(work.session, record.id), judgements(work, record)
    slow_ms = float(record.rule["guardrails"]["slow_ms"])
    models = {CONTROL: record.control_id, TREATMENT: record.treatment_id}
    ratio = split_of(record, given)
    arms = tuple(_arm(arm, models[arm], given, said, slow_ms) for arm in (CONTROL, TREATMENT))
    return arms, SplitCheck(probability=ratio.probability, broken=ratio.broken, sentence=ratio.sentence)


def _arm(name: str, model_id: str, given: Sequence[Given], said: Sequence[Judgement], slow_ms: float) -> Arm:
    answers = [one for one in given if one.arm == name]
    own = [one for one in said if one.arm == name]
    reached = approval(own)
    costs = [one.cost_usd for one in answers if one.cost_usd is not None]
    return Arm(
        name=name,
        model_id=model_id,
        readers=len({one.reader for one in answers}),
        answers=len(answers),
        raters=len({one.reader for one in own}),
        ratings=len(own),
        up=sum(one.up for one in own),
        rate=reached[0] if reached else None,
        lower=reached[1] if reached else None,
        upper=reached[2] if reached else None,
        course=tuple(_course(name, said)),
        declined=sum(one.refused for one in answers),
        fell_back=sum(one.fell_back for one in answers),
        slow=sum(one.took_ms > slow_ms for one in answers),
        median_ms=median(one.took_ms for one in answers) if answers else None,
        cost_usd=round(sum(costs), 6) if costs else None,
    )


def _course(name: str, said: Sequence[Judgement]) -> list[ArmPoint]:
    """The rate as it was after every so many ratings of both arms."""
    step = max(1, ceil(len(said) / _POINTS))
    sizes = sorted({*range(step, len(said) + 1, step), len(said)} - {0})
    points = []
    for size in sizes:
        reached = approval(one for one in said[:size] if one.arm == name)
        if reached is not None:
            points.append(ArmPoint(ratings=size, rate=reached[0], lower=reached[1], upper=reached[2]))
    return points


def progress_of(work: Work, record: ExperimentRecord, now: datetime) -> Progress:
    """Where the comparison stands between its looks."""
    said = judgements(work, record)
    seen = contrast_of(record, said)
    coming = _next_look(record)
    needed = max(0, ceil(coming - seen.counted)) if coming is not None else None
    per_day = pace(record, seen.counted, now)
    lower, upper = interval(seen.mean, seen.error)
    return Progress(
        votes=len(said),
        readers=len({one.reader for one in said}),
        questions=len({one.question for one in said}),
        counted=seen.counted,
        mean=seen.mean,
        lower=lower,
        upper=upper,
        z=seen.z,
        next=coming,
        needed=needed,
        days=ceil(needed / per_day) if needed is not None and per_day else None,
        sentence=_sentence(work, record, seen, coming),
    )


def _next_look(record: ExperimentRecord) -> int | None:
    if record.state != "running":
        return None
    done = record.looks[-1]["done"] if record.looks else 0
    looks = decision_rule(record.rule).looks
    return looks[done] if done < len(looks) else None


def _sentence(work: Work, record: ExperimentRecord, seen: Contrast, coming: int | None) -> str:
    if record.state != "running" or coming is None:
        return record.reason or ""
    ratio = split_of(record, given_in(work.session, record.id))
    if ratio.broken:
        return f"Nothing is judged. {ratio.sentence}"
    if seen.counted >= coming:
        return f"The look at {coming} ratings is due with the next one."
    return f"Not enough data yet: {seen.counted:.0f} of {coming} ratings for the next look.{seen.note}"

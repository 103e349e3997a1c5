"""The offline gate: a candidate against the live model, through the whole pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from src.core.clock import new_id
from src.core.errors import NotFoundError
from src.core.jobs import JobRun
from src.core.messages.experiments import CandidateGated, GateJob
from src.core.messages.models import ModelState
from src.core.messages.questions import Hit, Search
from src.database.models import EvaluationRecord, GoldenSetRecord, ModelRecord
from src.database.repositories.counterparts import Counterparts
from src.database.repositories.gating import measurable
from src.database.repositories.replaying import Rated, contents_of, rated_questions
from src.database.repositories.trials import first_model
from src.database.uow import Database
from src.services import registry
from src.services.evaluation.metrics import Labels, evaluate
from src.services.ranking.artefact import ArtefactError

from .chunkers import switch_if_wanted
from .gatekeeping import has_index
from .proofs import (
    LIVE_VOTES,
    LOGGED_VOTES,
    Outcome,
    Proof,
    gains,
    golden_proof,
    live_votes_proof,
    logged_votes_veto,
    outcome_of,
    own_votes_proof,
    proof_of,
    stored,
)
from .standing import places

_REPLAYED = 200
_K = 10


@dataclass
class _Case:
    """A candidate at the gate, with what was measured so far by name; ``default`` is the ranking before
    anything was learned, where that is not the live one. ``measured_on`` counts the questions that there
    were, ``done`` those that the job has behind it."""

    model: ModelRecord
    live: ModelRecord
    default: ModelRecord | None
    run: JobRun
    measured_on: dict[str, int]
    done: int = 0
    total: int = 0
    proofs: dict[str, Proof] = field(default_factory=dict)

    @property
    def models(self) -> tuple[ModelRecord, ...]:
        """Whose rankings are compared: the live one's, the candidate's, and the default's."""
        return (self.live, self.model, *([self.default] if self.default is not None else []))


class Gate:
    """Measures candidates against what readers get. Each test is stored when it is done; a job that is taken
    up again measures only what is missing, and decides as the first would have. Where another model went
    live meanwhile, it is measured against that one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def carry_out(self, job: GateJob, run: JobRun) -> None:
        decided = False
        while not decided:
            case = self._open(job, run)
            if case is None:
                return
            if self._usable(case):
                self._measure(case)
            decided = self._decide(case)

    def _open(self, job: GateJob, run: JobRun) -> _Case | None:
        """None where the candidate was decided on already, or is gone."""
        with self._database.begin(run.ctx) as work:
            model = work.models.find(job.model_id)
            if model is None or model.state != ModelState.CANDIDATE:
                return None
            if any(change.evidence.get("job_id") == run.job.id for change in work.models.changes(model.id)):
                return None
            live = registry.live_model(work, model.collection_id)
            measured_on = measurable(work.session, model.collection_id)
            known = {
                record.name: proof_of(record)
                for record in work.models.evaluations(model.id)
                if record.figures.get("job_id") == run.job.id and record.against_id == live.id
            }
            first = first_model(work.session, model.collection_id)
            told = (
                first is not None and first.kind == registry.DEFAULT != live.kind and has_index(work, first)
            )
            default = first if told else None
            work.commit()
            return _Case(model, live, default, run, measured_on, proofs=known)

    def _usable(self, case: _Case) -> bool:
        """Whether the candidate ranks at all; its file may be lost or made for another embedding."""
        try:
            self._shown(case, case.model, "Does it rank?")
        except (ArtefactError, NotFoundError) as error:
            said = f"It cannot rank: {error.detail}"
            self._keep(case, Proof("its file", 0, False, False, said, {}))
            return False
        return True

    def _measure(self, case: _Case) -> None:
        with self._database.read() as work:
            sets = work.golden_sets.of(case.model.collection_id)
            sizes = work.golden_sets.sizes([one.id for one in sets])
            training = work.training_runs.find(case.model.run_id) if case.model.run_id else None
            rated = rated_questions(work.session, case.model.collection_id, _REPLAYED)
        case.total = sum(sizes.values()) + len(rated)
        for one in sets:
            if all(proof.set_id != one.id for proof in case.proofs.values()):
                self._golden(case, one)
            case.done += sizes.get(one.id, 0)
            case.run.reached("golden set measured")
        learned = case.live.kind != registry.DEFAULT
        figures = training.figures if training else {}
        self._keep(case, own_votes_proof(figures, alone=not learned))
        if LOGGED_VOTES not in case.proofs or (learned and LIVE_VOTES not in case.proofs):
            self._votes(case, rated, figures, learned=learned)
        case.run.reached("votes replayed")

    def _votes(
        self, case: _Case, rated: Sequence[Rated], figures: Mapping[str, Any], *, learned: bool
    ) -> None:
        at = self._places(case, rated)
        labels: dict[str, Labels] = {
            one.question: dict.fromkeys((at[one.question][key] for key in one.liked), 1.0) for one in rated
        }
        live, candidate, *default = [
            evaluate(
                {
                    question: [at[question].get(key, key) for key in self._contents(hits)]
                    for question, hits in found.items()
                },
                labels,
                _K,
            )
            for found in self._rankings(case, list(labels), "replaying votes")
        ]
        self._keep(case, logged_votes_veto(live, candidate))
        if learned:
            told, allowance = next(iter(default), None), float(figures.get("allowance", 0.0))
            proof = live_votes_proof(live, candidate, told, gained=gains(figures), allowance=allowance)
            self._keep(case, proof)

    def _places(self, case: _Case, rated: Sequence[Rated]) -> dict[str, dict[str, str]]:
        """By question, at which place each content stands that was liked, as the compared models' passages
        are cut."""
        with self._database.read() as work:
            ranked = [work.indexes.ranked_by(model) for model in case.models]
            cuttings = {index.cutting for index in ranked if index is not None}
            liked = {key for one in rated for key in one.liked}
            known = Counterparts(work.session, case.model.collection_id).of(liked, cuttings)
        return {one.question: places(one.liked, known) for one in rated}

    def _golden(self, case: _Case, one: GoldenSetRecord) -> None:
        with self._database.read() as work:
            questions = work.golden_sets.questions(one.id)
        labels: dict[str, Labels] = {
            asked.question: {str(id_): float(grade) for id_, grade in asked.judgments} for asked in questions
        }
        scores = [
            evaluate({key: [hit.external_id for hit in hits] for key, hits in found.items()}, labels, _K)
            for found in self._rankings(case, list(labels), f"golden set {one.name}")
        ]
        self._keep(case, golden_proof(one.name, one.id, one.margin, *scores))

    def _rankings(
        self, case: _Case, questions: Sequence[str], stage: str
    ) -> list[dict[str, tuple[Hit, ...]]]:
        """What each of the compared models shows for each question."""
        shown: list[dict[str, tuple[Hit, ...]]] = [{} for _ in case.models]
        for number, question in enumerate(questions):
            case.run.progress(stage=stage, done=case.done + number, total=case.total)
            case.run.check()
            for found, model in zip(shown, case.models, strict=True):
                found[question] = self._shown(case, model, question)
        return shown

    def _shown(self, case: _Case, model: ModelRecord, question: str) -> tuple[Hit, ...]:
        request = Search(query=question, collection_ids=(model.collection_id,), k=_K, model_id=model.id)
        return case.run.ctx.ask(request).hits

    def _contents(self, hits: Sequence[Hit]) -> list[str]:
        with self._database.read() as work:
            contents = contents_of(work.session, [hit.passage_id for hit in hits])
        return [contents[hit.passage_id] for hit in hits if hit.passage_id in contents]

    def _decide(self, case: _Case) -> bool:
        """False where another model went live while this one was measured."""
        proofs = list(case.proofs.values())
        outcome, reason = outcome_of(proofs, asked=case.model.kind == registry.CHUNKER)
        by = case.run.ctx.caller.username
        with self._database.begin(case.run.ctx) as work:
            work.collections.hold(case.model.collection_id, alone=True)
            model = work.models.get(case.model.id)
            if model.state != ModelState.CANDIDATE:
                return True
            live = work.models.live(case.model.collection_id)
            if live is not None and live.id != case.live.id:
                return False
            evidence = {
                "job_id": case.run.job.id,
                "against_id": case.live.id,
                "measured_on": case.measured_on,
                "outcome": outcome.value,
                "proofs": {proof.name: proof.figures for proof in proofs},
            }
            passed = outcome in {Outcome.GATED, Outcome.OPEN}
            if outcome is Outcome.REJECTED:
                registry.reject(work, model, by=by, reason=reason, evidence=evidence)
            else:
                state = "gated" if passed else "candidate"
                work.models.change(model, state, by=by, reason=reason, evidence=evidence, at=work.now())
            if passed:
                switch_if_wanted(work, model, {"job_id": case.run.job.id}, by=by)
                work.publish(CandidateGated(model_id=model.id, collection_id=model.collection_id))
            work.commit()
        case.run.reached("gate decided")
        return True

    def _keep(self, case: _Case, proof: Proof) -> None:
        """Store one test's answer; a job that is taken up again does not ask again."""
        if proof.name in case.proofs:
            return
        case.proofs[proof.name] = proof
        with self._database.begin(case.run.ctx) as work:
            work.session.add(
                EvaluationRecord(
                    id=new_id(),
                    model_id=case.model.id,
                    against_id=case.live.id,
                    set_id=proof.set_id,
                    name=proof.name,
                    questions=proof.questions,
                    figures={**stored(proof), "job_id": case.run.job.id},
                    passed=proof.passed,
                    at=work.now(),
                )
            )
            work.commit()

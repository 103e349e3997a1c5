"""Which model ranks, and the proof that another one is better."""

from __future__ import annotations

from collections.abc import Callable

from src.core.agent import Agent, every, handles, on, runs
from src.core.context import Context
from src.core.jobs import JobRun
from src.core.messages import Page
from src.core.messages.experiments import (
    CandidateGated,
    Experiment,
    ExperimentPlan,
    GateJob,
    GetExperiment,
    ListExperiments,
    PlanExperiment,
    StartExperiment,
    StopExperiment,
)
from src.core.messages.feedback import RatingGiven, RatingKind, RatingReviewed, RatingsHeld
from src.core.messages.golden import (
    AcceptGoldenQuestion,
    AddGoldenSet,
    DeleteGoldenQuestion,
    DeleteGoldenSet,
    GoldenEntry,
    GoldenSet,
    ListGoldenQuestions,
    ListGoldenSets,
)
from src.core.messages.indexes import IndexReady
from src.core.messages.models import (
    CandidateTrained,
    GetModel,
    ListModels,
    Model,
    ModelDetail,
    PromoteModel,
    ProposeChunker,
    RejectModel,
    RollBackModel,
)
from src.core.messages.training import TrainingEnded
from src.core.ports import Blobs
from src.database.uow import Database

from .chunkers import Chunkers
from .experiments import Experiments
from .gate import Gate
from .golden import GoldenSets
from .looks import Looks
from .models import Models
from .policy import Policy
from .rounds import Rounds
from .splits import SplitLooks, Splits
from .trials import Trials
from .weighing import Weighing


class ExperimentRunnerAgent(Agent):
    """Proves candidates offline and live, promotes the better one and takes back what turns out worse."""

    name = "experiment_runner"

    def __init__(
        self, database: Database, blobs: Blobs, policy: Policy, cut_by: Callable[[str], object]
    ) -> None:
        """``cut_by`` raises UnavailableError for a cutting by which no document can be cut."""
        trials = Trials(policy)
        self._database = database
        self._golden_sets = GoldenSets(database)
        self._gate = Gate(database)
        splits = Splits(trials)
        self._models = Models(database, trials, splits)
        self._experiments = Experiments(database, trials, splits, Weighing(blobs))
        self._chunkers = Chunkers(database, cut_by)
        self._rounds = Rounds(database, trials, Looks(trials), SplitLooks(splits))

    @handles(ListModels)
    def list_models(self, request: ListModels, ctx: Context) -> Page[Model]:
        return self._models.page(request, ctx)

    @handles(GetModel)
    def get_model(self, request: GetModel, ctx: Context) -> ModelDetail:
        return self._models.one(request.model_id)

    @handles(PromoteModel)
    def promote_model(self, request: PromoteModel, ctx: Context) -> ModelDetail:
        return self._models.promote(request, ctx)

    @handles(RollBackModel)
    def roll_back_model(self, request: RollBackModel, ctx: Context) -> ModelDetail:
        return self._models.roll_back(request, ctx)

    @handles(RejectModel)
    def reject_model(self, request: RejectModel, ctx: Context) -> ModelDetail:
        return self._models.reject(request, ctx)

    @handles(ProposeChunker)
    def propose_chunker(self, request: ProposeChunker, ctx: Context) -> ModelDetail:
        return self._chunkers.propose(request, ctx)

    @handles(ListExperiments)
    def list_experiments(self, request: ListExperiments, ctx: Context) -> Page[Experiment]:
        return self._experiments.page(request, ctx)

    @handles(GetExperiment)
    def get_experiment(self, request: GetExperiment, ctx: Context) -> Experiment:
        return self._experiments.one(request)

    @handles(StartExperiment)
    def start_experiment(self, request: StartExperiment, ctx: Context) -> Experiment:
        return self._experiments.start(request, ctx)

    @handles(PlanExperiment)
    def plan_experiment(self, request: PlanExperiment, ctx: Context) -> ExperimentPlan:
        return self._experiments.plan(request)

    @handles(StopExperiment)
    def stop_experiment(self, request: StopExperiment, ctx: Context) -> Experiment:
        return self._experiments.stop(request, ctx)

    @handles(AddGoldenSet)
    def add_golden_set(self, request: AddGoldenSet, ctx: Context) -> GoldenSet:
        return self._golden_sets.add(request, ctx)

    @handles(AcceptGoldenQuestion)
    def accept_golden_question(self, request: AcceptGoldenQuestion, ctx: Context) -> GoldenSet:
        return self._golden_sets.accept(request, ctx)

    @handles(ListGoldenSets)
    def list_golden_sets(self, request: ListGoldenSets, ctx: Context) -> Page[GoldenSet]:
        return self._golden_sets.page(request, ctx)

    @handles(ListGoldenQuestions)
    def list_golden_questions(self, request: ListGoldenQuestions, ctx: Context) -> Page[GoldenEntry]:
        return self._golden_sets.questions(request)

    @handles(DeleteGoldenQuestion)
    def delete_golden_question(self, request: DeleteGoldenQuestion, ctx: Context) -> None:
        self._golden_sets.delete_question(request, ctx)

    @handles(DeleteGoldenSet)
    def delete_golden_set(self, request: DeleteGoldenSet, ctx: Context) -> None:
        self._golden_sets.delete(request, ctx)

    @on(CandidateTrained)
    def bring_to_the_gate(self, event: CandidateTrained, ctx: Context) -> None:
        self._rounds.prove(event.model_id, event.collection_id, ctx)

    @on(IndexReady)
    def bring_chunker_to_the_gate(self, event: IndexReady, ctx: Context) -> None:
        for model_id in self._chunkers.ready(event):
            self._rounds.prove(model_id, event.collection_id, ctx)

    @runs(GateJob)
    def prove(self, job: GateJob, run: JobRun) -> None:
        self._gate.carry_out(job, run)
        with self._database.read() as work:
            model = work.models.find(job.model_id)
        if model is not None and model.run_id is not None:
            self._rounds.forget(model.run_id, run.ctx)

    @on(TrainingEnded)
    def note_run(self, event: TrainingEnded, ctx: Context) -> None:
        """What a run made is judged by the gate first."""
        with self._database.read() as work:
            run = work.training_runs.find(event.run_id)
        if run is not None and run.model_id is None:
            self._rounds.forget(event.run_id, ctx)

    @on(CandidateGated)
    def try_candidate(self, event: CandidateGated, ctx: Context) -> None:
        self._rounds.arrange(event.collection_id, ctx)

    @on(RatingGiven)
    def weigh(self, event: RatingGiven, ctx: Context) -> None:
        if _may_tell(event):
            self._rounds.weigh((event.rating_id,), ctx)

    @on(RatingReviewed)
    def weigh_again(self, event: RatingReviewed, ctx: Context) -> None:
        if _may_tell(event):
            self._rounds.weigh((event.rating_id,), ctx)

    @on(RatingsHeld)
    def set_aside(self, event: RatingsHeld, ctx: Context) -> None:
        self._rounds.weigh(event.rating_ids, ctx)

    @every(60.0)
    def guard(self, ctx: Context) -> None:
        self._rounds.guard(ctx)

    @every(300.0)
    def prove_again(self, ctx: Context) -> None:
        self._rounds.prove_again(ctx)


def _may_tell(event: RatingGiven | RatingReviewed) -> bool:
    """Whether a rating may be evidence: of an interleaved list, or of an answer, which has an arm then."""
    return event.experiment_id is not None or event.kind is RatingKind.ANSWER

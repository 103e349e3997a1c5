"""The fine-tuner agent."""

from __future__ import annotations

from src.core.agent import Agent, every, handles, on, runs
from src.core.context import Context
from src.core.errors import ConflictError
from src.core.jobs import JobRun, JobState
from src.core.messages import Page
from src.core.messages.accounts import UserDeleted
from src.core.messages.documents import PassagesRemoved
from src.core.messages.feedback import (
    RatingGiven,
    RatingKind,
    RatingRetracted,
    RatingReviewed,
    RatingsHeld,
)
from src.core.messages.indexes import IndexReady
from src.core.messages.jobs import JobFinished
from src.core.messages.models import CandidateTrained
from src.core.messages.training import (
    Dataset,
    DatasetExample,
    GetTrainingRun,
    ListDatasetExamples,
    ListDatasets,
    ListTrainingRuns,
    MemoryChanged,
    QueuedTraining,
    RunState,
    StartTraining,
    TrainingRun,
    TrainJob,
)
from src.database.uow import Database
from src.services.embeddings.versions import Embedders

from .ending import finish
from .full import FullTrainer
from .listing import list_datasets, list_examples, list_runs
from .memory import complete_vectors, keep_vectors, lacking_vectors, sweep_vectors, tell_of_change
from .policy import TrainingPolicy
from .training import Training
from .tuning import TuningPolicy
from .views import run_view


class FineTunerAgent(Agent):
    """Keeps what rankings remember of ratings, and trains candidates on them.

    What is remembered are the counted ratings themselves. A search reads them anew when its collection's
    ``memory_version`` has changed, so that each vote works at once and is taken back as quickly.
    """

    name = "fine_tuner"

    def __init__(
        self,
        database: Database,
        embedders: Embedders,
        training: Training,
        policy: TrainingPolicy,
        tuning: TuningPolicy,
    ) -> None:
        self._database = database
        self._embedders = embedders
        self._training = training
        self._policy = policy
        self._tuning = tuning

    @on(RatingGiven, batched=True)
    def remember(self, event: RatingGiven, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingRetracted, batched=True)
    def forget(self, event: RatingRetracted, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingReviewed, batched=True)
    def reconsider(self, event: RatingReviewed, ctx: Context) -> None:
        self._changed(event.collection_id, event.kind, ctx)

    @on(RatingsHeld, batched=True)
    def set_apart(self, event: RatingsHeld, ctx: Context) -> None:
        self._changed(event.collection_id, None, ctx)

    @on(PassagesRemoved, batched=True)
    def forget_passages(self, event: PassagesRemoved, ctx: Context) -> None:
        """The ratings of a deleted document went with it."""
        with self._database.begin(ctx) as work:
            tell_of_change(work, event.collection_id, if_any=True)
            work.commit()

    @on(UserDeleted, batched=True)
    def forget_reader(self, event: UserDeleted, ctx: Context) -> None:
        """The ratings of a deleted user went with them."""
        with self._database.begin(ctx) as work:
            for collection_id in event.collection_ids:
                tell_of_change(work, collection_id)
            work.commit()

    @on(IndexReady)
    def present(self, event: IndexReady, ctx: Context) -> None:
        """A model that brings an embedding model of its own can be judged once its index is whole."""
        with self._database.begin(ctx) as work:
            for model in work.models.candidates_of(
                event.collection_id, event.embedding_version, event.cutting
            ):
                if model.run_id is not None:
                    work.publish(
                        CandidateTrained(
                            model_id=model.id, collection_id=model.collection_id, run_id=model.run_id
                        )
                    )
            work.commit()

    @on(MemoryChanged)
    def remember_everywhere(self, event: MemoryChanged, ctx: Context) -> None:
        """A rating comes with its question's vector of the configured version: make it work in the indexes
        of other versions too, those that are searched, on trial, or kept for the way back."""
        with self._database.read() as reading:
            versions = {index.embedding_version for index in reading.indexes.written(event.collection_id)}
        versions.discard(self._embedders.current.version)
        embedders = [self._embedders.of(each) for each in sorted(versions) if self._embedders.available(each)]
        vectors = lacking_vectors(self._database, embedders)
        if not vectors:
            return
        with self._database.begin(ctx) as work:
            for version, found in vectors.items():
                keep_vectors(work, found, version)
            work.commit()

    @every(60.0)
    def complete_memory(self, ctx: Context) -> None:
        """In each version that is searched or may be, as after a change of the configured model."""
        with self._database.read() as reading:
            kept = [*reading.indexes.in_state("live"), *reading.indexes.in_state("standby")]
        for version in sorted(
            {self._embedders.current.version, *(index.embedding_version for index in kept)}
        ):
            if self._embedders.available(version):
                complete_vectors(self._database, self._embedders.of(version), ctx)
        sweep_vectors(self._database, ctx)

    @every(15.0)
    def train_where_due(self, ctx: Context) -> None:
        """Queue the runs that are due without a new vote: a pause is over, or votes are gone."""
        with self._database.read() as reading:
            due = self._policy.due(reading, ctx.clock.now())
        for collection_id, why in due.items():
            with self._database.begin(ctx) as work:
                self._policy.enqueue(work, collection_id, why)
                work.commit()

    @every(60.0)
    def tune_where_due(self, ctx: Context) -> None:
        """Queue the runs that tune the embedding model."""
        available = self._training.available(FullTrainer.name)
        with self._database.read() as reading:
            due = self._tuning.due(reading, ctx.clock.now(), available=available)
        for collection_id, why in due.items():
            with self._database.begin(ctx) as work:
                queued = self._tuning.enqueue(work, collection_id, why)
                work.commit()
            if queued:
                return

    @handles(StartTraining)
    def start(self, request: StartTraining, ctx: Context) -> QueuedTraining:
        self._training.trainer(request.trainer)
        with self._database.begin(ctx) as work:
            work.collections.hold(request.collection_id, alone=True)
            under_way = work.jobs.open(TrainJob.kind, collection_id=request.collection_id)
            if under_way is not None:
                raise ConflictError(
                    f"A training run of this collection is {under_way.state}: job {under_way.id}. "
                    "Wait for its end, or cancel it."
                )
            spec = TrainJob(
                collection_id=request.collection_id,
                trainer=request.trainer,
                seed=request.seed,
                why=f"asked for by {ctx.caller.username}",
            )
            job = work.enqueue(spec, collection_id=request.collection_id)
            work.commit()
            return QueuedTraining(job_id=job.id)

    @runs(TrainJob)
    def train(self, job: TrainJob, run: JobRun) -> None:
        self._training.sweep()
        self._training.carry_out(job, run)

    @every(900.0)
    def sweep(self, ctx: Context) -> None:
        """What a killed process left is found after the next start, wherever its job went."""
        self._training.sweep()

    @on(JobFinished)
    def note_end(self, event: JobFinished, ctx: Context) -> None:
        """Show that a run was cancelled or given up: it could not say so itself, nor clear up."""
        if event.kind != TrainJob.kind:
            return
        if event.state is not JobState.SUCCEEDED:
            self._give_up(event, ctx)
        self._training.sweep()

    def _give_up(self, event: JobFinished, ctx: Context) -> None:
        with self._database.begin(ctx) as work:
            record = work.training_runs.of_job(event.job_id)
            if record is None or record.finished_at is not None:
                return
            job = work.jobs.find(event.job_id)
            reason = (job.error_detail if job else None) or "The run was cancelled."
            finish(work, record.id, RunState.FAILED, reason)
            work.commit()

    @handles(ListTrainingRuns)
    def list_runs(self, request: ListTrainingRuns, ctx: Context) -> Page[TrainingRun]:
        return list_runs(self._database, request, ctx.caller)

    @handles(GetTrainingRun)
    def get_run(self, request: GetTrainingRun, ctx: Context) -> TrainingRun:
        with self._database.read() as work:
            return run_view(work.training_runs.get(request.run_id))

    @handles(ListDatasets)
    def list_datasets(self, request: ListDatasets, ctx: Context) -> Page[Dataset]:
        return list_datasets(self._database, request, ctx.caller)

    @handles(ListDatasetExamples)
    def list_examples(self, request: ListDatasetExamples, ctx: Context) -> Page[DatasetExample]:
        return list_examples(self._database, request)

    def _changed(self, collection_id: str | None, kind: RatingKind | None, ctx: Context) -> None:
        # A verdict on an answer as a whole names no passage: nothing remembers it.
        if collection_id is None or kind is RatingKind.ANSWER:
            return
        with self._database.begin(ctx) as work:
            tell_of_change(work, collection_id)
            why = self._policy.due_by_votes(work, collection_id, work.now())
            if why is not None:
                self._policy.enqueue(work, collection_id, why)
            work.commit()

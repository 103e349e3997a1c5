"""A training run, step by step: each is behind for good once it is noted, and can be repeated until then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from src.core.clock import new_id
from src.core.errors import InvalidRequestError, UnavailableError
from src.core.jobs import JobRun
from src.core.messages.models import CandidateTrained
from src.core.messages.training import RunState, TrainJob
from src.core.ports import Blobs, Embedder
from src.database.models import DatasetRecord, TrainingRunRecord
from src.database.repositories.remembering import counted_ups
from src.database.repositories.votes import documents_with
from src.database.uow import Database, Work
from src.services.embeddings.versions import Embedders
from src.services.ranking.artefact import save
from src.services.ranking.training import RankerFit

from .archive import DatasetArchive
from .card import model_card
from .corrections import PlainCorrections
from .dataset import Draft
from .ending import end_without, finish_with
from .environment import environment
from .examples import asked_questions, contents_of, material_of, voted_questions
from .figures import curves, figures
from .lineage import forgotten_by_live
from .made import Made
from .negatives import hard_negatives
from .patience import patiently
from .pools import Pools
from .synthetic import SyntheticQuestions
from .trainers import Material, RunTrainer, Trainer

KIND = "ranker"


class Training:
    """Carries out training jobs. What a run is made of is in SQL before it is used, so that a job that is
    taken up again ends as it would have."""

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        embedders: Embedders,
        archive: DatasetArchive,
        trainers: Mapping[str, Trainer | RunTrainer],
        synthetic: SyntheticQuestions | None = None,
        corrections: PlainCorrections | None = None,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._embedders = embedders
        self._archive = archive
        self._trainers = trainers
        self._synthetic = synthetic or SyntheticQuestions(database, None)
        self._corrections = corrections
        self._pools = Pools(database)

    def trainer(self, name: str) -> Trainer | RunTrainer:
        """Raises InvalidRequestError where there is no such trainer, UnavailableError where it cannot
        work here."""
        trainer = self._trainers.get(name)
        if trainer is None:
            known = ", ".join(sorted(self._trainers))
            raise InvalidRequestError(f"There is no trainer {name!r}; there are: {known}.")
        trainer.check()
        return trainer

    def available(self, name: str) -> bool:
        """Whether there is such a trainer, and it can work here."""
        try:
            self.trainer(name)
        except (InvalidRequestError, UnavailableError):
            return False
        return True

    def sweep(self) -> None:
        """Remove what runs have left behind that came to their end, by themselves or not."""
        for trainer in self._trainers.values():
            if isinstance(trainer, RunTrainer):
                trainer.sweep(self._under_way)

    def _under_way(self) -> set[str]:
        with self._database.read() as work:
            return work.training_runs.under_way()

    def carry_out(self, job: TrainJob, run: JobRun) -> None:
        record = self._begin(job, run)
        if record.finished_at is not None:
            return
        try:
            trainer = self.trainer(job.trainer)
        except UnavailableError as error:
            end_without(self._database, record.id, RunState.REFUSED, error.detail, run)
            return
        dataset = self._dataset(record, run)
        run.reached("data set stored")
        voted = int(dataset.counts["questions_with_up"])
        if voted < trainer.least_questions:
            reason = _too_few(voted, trainer, dataset)
            end_without(self._database, record.id, RunState.REFUSED, reason, run)
            return
        if isinstance(trainer, RunTrainer):
            trainer.carry_out(record, dataset, run)
            return
        embedder = self._embedders.of(record.environment["embedding_version"])
        material = self._material(dataset, embedder, run)
        run.reached("candidates gathered")
        run.progress(stage="fitting", done=0, total=None)
        fit = patiently(lambda: trainer.fit(material, seed=record.seed), run, stage="fitting")
        run.reached("fitted")
        if fit.questions < trainer.least_questions:
            reason = _too_few(fit.questions, trainer, dataset)
            end_without(self._database, record.id, RunState.REFUSED, reason, run)
            return
        self._conclude(record.id, dataset, material, fit, embedder.version, run)

    def _begin(self, job: TrainJob, run: JobRun) -> TrainingRunRecord:
        """The run of this job: a new one, or the one that an earlier attempt began."""
        with self._database.begin(run.ctx) as work:
            record = work.training_runs.of_job(run.job.id)
            if record is not None:
                return record
            trainer = self._trainers.get(job.trainer)
            record = work.training_runs.add(
                TrainingRunRecord(
                    id=new_id(),
                    collection_id=job.collection_id,
                    job_id=run.job.id,
                    trainer=job.trainer,
                    state=RunState.RUNNING.value,
                    configuration={
                        "why": job.why or f"asked for by {run.job.created_by}",
                        "up_votes": counted_ups(work.session, job.collection_id).get(job.collection_id, 0),
                        "votes_gone": forgotten_by_live(work, job.collection_id),
                        "dataset": asdict(self._archive.settings),
                        "trainer": trainer.configuration if trainer else {},
                    },
                    seed=job.seed,
                    environment=environment(self._searched(work, job.collection_id)),
                    curves={},
                    figures={},
                    created_at=work.now(),
                )
            )
            work.commit()
            return record

    def _dataset(self, record: TrainingRunRecord, run: JobRun) -> DatasetRecord:
        if record.dataset_id is not None:
            with self._database.read() as reading:
                return reading.datasets.get(record.dataset_id)
        synthetic = self._synthetic.make(record.collection_id, record.id, run)
        run.progress(stage="sifting votes", done=0, total=None)
        stated = self._corrections.look_up(record.collection_id, run) if self._corrections else None
        drafted = self._archive.draft(record.collection_id, stated)
        if drafted.counts["questions_with_up"] >= self._least_questions(record):
            drafted = drafted.with_more(self._negatives(record, drafted, run))
        with self._database.begin(run.ctx) as work:
            work.collections.hold(record.collection_id, alone=True)
            dataset = self._archive.keep(work, record.collection_id, drafted)
            kept = work.training_runs.get(record.id)
            kept.dataset_id = dataset.id
            kept.configuration = {**kept.configuration, "synthetic": synthetic}
            work.commit()
            return dataset

    def _least_questions(self, record: TrainingRunRecord) -> int:
        return self.trainer(record.trainer).least_questions

    def _negatives(self, record: TrainingRunRecord, drafted: Draft, run: JobRun) -> Sequence[Made]:
        """What the questions find and should not, by their pools, which training needs in any case."""
        embedder = self._embedders.of(record.environment["embedding_version"])
        questions = voted_questions(drafted.taken)
        pools = self._pools.gather(record.collection_id, questions, run)
        with self._database.read() as work:
            passages = work.vectors.find(contents_of(pools), embedder.version)
            documents = documents_with(work.session, record.collection_id, contents_of(pools))
        vectors = self._archive.vectors({asked.key: asked.text for asked in questions}, embedder)
        return hard_negatives(questions, vectors, pools, passages, documents)

    def _searched(self, work: Work, collection_id: str) -> str:
        """The embedding version of the index that is searched, in which a run then learns."""
        live = work.indexes.live(collection_id)
        version = live.embedding_version if live is not None else self._embedders.current.version
        return version if self._embedders.available(version) else self._embedders.current.version

    def _named(self, work: Work, collection_id: str, version: str) -> str | None:
        """What a model of these vectors names: nothing where they are what the configuration has searched."""
        plain = version == self._embedders.current.version == self._searched(work, collection_id)
        return None if plain else version

    def _material(self, dataset: DatasetRecord, embedder: Embedder, run: JobRun) -> Material:
        with self._database.read() as work:
            rows, readers = work.datasets.examples(dataset.id), work.datasets.readers(dataset.id)
        questions = asked_questions(rows, readers)
        vectors = self._archive.vectors({asked.key: asked.text for asked in questions}, embedder)
        self._pools.keep_only(dataset.collection_id, questions, run)
        pools = self._pools.gather(dataset.collection_id, questions, run)
        with self._database.read() as work:
            passages = work.vectors.find(contents_of(pools), embedder.version)
        settings = self._archive.settings
        return material_of(
            questions, vectors, pools, passages, near=settings.near, by_passage=settings.by_passage
        )

    def _conclude(
        self,
        run_id: str,
        dataset: DatasetRecord,
        material: Material,
        fit: RankerFit,
        version: str,
        run: JobRun,
    ) -> None:
        reached = figures(fit, material.examples) | {"findings": [asdict(found) for found in fit.findings]}
        drawn = curves(fit)
        fatal = next((found for found in fit.findings if found.fatal), None)
        if fatal is not None:
            end_without(
                self._database, run_id, RunState.FAILED, fatal.detail, run, figures=reached, curves=drawn
            )
            return
        if fit.idle:
            reason = " ".join(["No candidate.", *(found.detail for found in fit.findings)])
            end_without(
                self._database, run_id, RunState.SUCCEEDED, reason, run, figures=reached, curves=drawn
            )
            return
        artefact = save(fit.ranker, embedding_version=version)
        digest = self._blobs.put(artefact.content)
        run.reached("artefact stored")
        with self._database.begin(run.ctx) as work:
            work.collections.hold(dataset.collection_id, alone=True)
            card = model_card(
                fit,
                dataset,
                reached,
                trainer=work.training_runs.get(run_id).trainer,
                embedding_version=version,
                replaced_votes=forgotten_by_live(work, dataset.collection_id),
            )
            model = finish_with(
                work,
                run_id,
                kind=KIND,
                artefact=digest,
                embedding_version=self._named(work, dataset.collection_id, version),
                card=card,
                figures=reached,
                curves=drawn,
            )
            work.publish(
                CandidateTrained(model_id=model.id, collection_id=dataset.collection_id, run_id=run_id)
            )
            work.commit()
        run.reached("candidate registered")


def _too_few(voted: int, trainer: Trainer | RunTrainer, dataset: DatasetRecord) -> str:
    left_out = sum(dataset.counts["excluded"].values())
    reason = (
        f"{voted} question{'' if voted == 1 else 's'} with a usable up-vote; {trainer.name!r} needs "
        f"{trainer.least_questions}, so {trainer.least_questions - voted} more."
    )
    return f"{reason} {left_out} votes were left out; the data set says why." if left_out else reason

"""The rung that fine-tunes the embedding model itself: a run of its own kind, since it ends in an index."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from src.core.jobs import JobRun
from src.core.messages.indexes import RebuildIndexesJob
from src.core.messages.training import RunState
from src.core.ports import Blobs, Embedder, Vectors
from src.database.models import DatasetRecord, TrainingRunRecord
from src.database.uow import Database
from src.services import registry
from src.services.embeddings.models import ModelFiles
from src.services.embeddings.versions import Embedders, EmbeddingSource
from src.services.indexing import PassageVectors
from src.services.ranking.artefact import save
from src.services.ranking.memory import LEARNED
from src.services.ranking.ranker import Ranker
from src.services.training.bundle import pack
from src.services.training.child import Tuned, Tuner
from src.services.training.recipe import TuningSettings
from src.services.training.task import TuningTask

from .card import from_whom, weights_told
from .ending import end_without, finish_with
from .heldout import HeldOut, Worth, hold_out
from .texts import Texts, pairs_of

SAMPLES = 32
_AGREES_MEAN, _AGREES_LEAST = 0.995, 0.98
_COLLAPSED = 0.95


class FullTrainer:
    """Tunes the configured model on the questions and passages of up-votes, in a process of its own, and
    registers a candidate that ranks an index of the tuned model; the index is built next, beside the live
    one. A tenth of the questions, or more where they are few, is not tuned on and says what it is worth. The
    rank weights that the untuned model's lists teach go with it.

    A run that is cut short goes on from the child's last checkpoint.
    """

    name = "full"

    def __init__(
        self,
        database: Database,
        blobs: Blobs,
        embedders: Embedders,
        vectors: PassageVectors,
        tuner: Tuner,
        *,
        find_base: Callable[[], ModelFiles | None],
        folder: Path,
        settings: TuningSettings | None = None,
        least_questions: int = 250,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._embedders = embedders
        self._tuner = tuner
        self._find_base = find_base
        self._folder = folder
        self._settings = settings or TuningSettings()
        self._held_out = HeldOut(database, vectors)
        self.least_questions = least_questions

    @property
    def configuration(self) -> dict[str, Any]:
        return {
            **asdict(self._settings),
            "least_questions": self.least_questions,
            "threads": self._tuner.threads,
        }

    def check(self) -> None:
        self._tuner.check()

    def carry_out(self, record: TrainingRunRecord, dataset: DatasetRecord, run: JobRun) -> None:
        base = self._find_base()
        if base is None or base.is_onnx:
            what = "an ONNX file" if base is not None else "a class of its own"
            reason = f"The configured embedding model is {what}; only BERT weights can be tuned."
            end_without(self._database, record.id, RunState.REFUSED, reason, run)
            return
        with self._database.read() as work:
            texts = Texts.of(work, dataset)
        held = hold_out(
            {
                asked.key: self._embedders.current.embed_query(asked.text)
                for asked in texts.asked
                if asked.ups
            },
            seed=record.seed,
        )
        folder = self._folder / record.id
        tuned = self._tuner.carry_out(
            folder,
            self._task(base, texts, held, record.seed),
            lambda step, steps, _: run.progress(stage="tuning the model", done=step, total=steps),
            run.check,
        )
        run.reached("model tuned")
        digest = self._blobs.put(pack(base.weights.parent, tuned.weights))
        source = EmbeddingSource(f"{base.label}-tuned", self._embedders.precision, digest)
        embedder = self._embedders.opened(source)
        with self._database.begin(run.ctx) as work:
            self._embedders.note(work, embedder.version, source, record.collection_id)
            work.commit()
        run.reached("artefact stored")
        agreement, wrong = self._compared(texts.samples(SAMPLES), tuned, embedder)
        drawn = {"loss": [float(loss) for loss in tuned.losses]}
        if wrong is not None:
            figures = {"agreement": agreement}
            end_without(self._database, record.id, RunState.FAILED, wrong, run, figures=figures, curves=drawn)
            return
        worth = self._held_out.worth(
            dataset.collection_id,
            texts,
            held,
            self._embedders.current,
            embedder,
            run,
            searched=record.environment["embedding_version"],
            seed=record.seed,
        )
        run.reached("rank weights fitted")
        worth.figures["agreement"] = agreement
        self._conclude(record, dataset, worth, drawn, digest, embedder, run)

    def sweep(self, under_way: Callable[[], Collection[str]]) -> None:
        found = list(self._folder.iterdir()) if self._folder.is_dir() else []
        # Asked after looking: a run is in SQL before it has a folder.
        open_ = under_way() if found else ()
        for folder in found:
            if folder.name not in open_:
                shutil.rmtree(folder, ignore_errors=True)

    def _task(self, base: ModelFiles, texts: Texts, held: frozenset[str], seed: int) -> TuningTask:
        return TuningTask(
            weights=str(base.weights),
            tokenizer=str(base.tokenizer),
            config=dict(base.config),
            pooling=base.pooling.value,
            prompts=(base.query_prompt, base.passage_prompt),
            pairs=pairs_of(
                [each for each in texts.asked if each.key not in held],
                texts,
                negatives=self._settings.negatives > 0,
            ),
            samples=texts.samples(SAMPLES),
            settings=self._settings,
            seed=seed,
            threads=self._tuner.threads,
        )

    def _compared(
        self, samples: tuple[str, ...], tuned: Tuned, embedder: Embedder
    ) -> tuple[dict[str, float], str | None]:
        """How near the serving graph's vectors are to those of training, and what is wrong with them."""
        served: Vectors = embedder.embed_passages(samples)
        cosines = (served * tuned.vectors).sum(axis=1)
        between = served @ served.T
        others = between[~np.eye(len(samples), dtype=bool)]
        found = {
            "mean": float(cosines.mean()),
            "least": float(cosines.min()),
            "between_texts": float(others.mean()) if len(others) else 0.0,
        }
        if found["mean"] < _AGREES_MEAN or found["least"] < _AGREES_LEAST:
            return found, (
                f"The exported model gives other vectors than the trained one (cosine {found['mean']:.4f} on "
                f"average, {found['least']:.4f} at least)."
            )
        if found["between_texts"] > _COLLAPSED:
            return found, (
                f"The model has collapsed: any two texts have a cosine of {found['between_texts']:.2f}."
            )
        return found, None

    def _conclude(
        self,
        record: TrainingRunRecord,
        dataset: DatasetRecord,
        worth: Worth,
        drawn: dict[str, Any],
        digest: str,
        embedder: Embedder,
        run: JobRun,
    ) -> None:
        card = _card(dataset, worth, digest, embedder)
        artefact = None
        if worth.weights is not None:
            ranker = Ranker(memory=LEARNED, weights=worth.weights)
            artefact = self._blobs.put(save(ranker, embedding_version=embedder.version).content)
        with self._database.begin(run.ctx) as work:
            work.collections.hold(record.collection_id, alone=True)
            model = finish_with(
                work,
                record.id,
                kind=registry.TUNED,
                artefact=artefact,
                embedding_version=embedder.version,
                card=card,
                figures=worth.figures,
                curves=drawn,
            )
            for older in work.models.in_state(record.collection_id, "candidate", kind=registry.TUNED):
                if older.id != model.id:
                    reason = f"Version {model.version}, tuned on later votes, waits for its proof instead."
                    registry.reject(work, older, by="agent:fine_tuner", reason=reason, evidence={})
            # What tells of the candidate is the index, when it is whole.
            work.enqueue(
                RebuildIndexesJob(
                    collection_id=record.collection_id,
                    embedding_version=embedder.version,
                    cutting=model.cutting,
                    switch=False,
                ),
                collection_id=record.collection_id,
            )
            work.commit()
        run.reached("candidate registered")


def _card(dataset: DatasetRecord, worth: Worth, digest: str, embedder: Embedder) -> dict[str, Any]:
    counts, figures = dataset.counts, worth.figures
    with_weights = ", with the rank weights that these votes teach" if worth.weights is not None else ""
    summary = (
        f"The embedding model itself, tuned on {from_whom(counts)}{with_weights}; "
        "it ranks an index of its own."
    )
    change = figures.get("against_default", {}).get("all", {}).get("sentence")
    if change:
        summary += f" On questions held out, against the default fusion: {change}."
    card = {
        "summary": summary,
        "trainer": FullTrainer.name,
        "rungs": ["memory", *(["rank weights"] if worth.weights is not None else []), "embedding model"],
        "embedding_version": embedder.version,
        "embedding_artefact": digest,
        "trained_on": {
            "dataset_id": dataset.id,
            "dataset_version": dataset.version,
            "votes": counts["taken"],
            "questions": figures.get("questions", 0),
            "readers": counts["readers"],
        },
        "figures": figures,
    }
    if worth.weights is not None:
        card["weights"] = weights_told(worth.weights)
    return card

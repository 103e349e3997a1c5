"""Which agents there are, and what each is given. A new agent is one line here."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from functools import partial

from src.adapters import Adapters, forget_trained
from src.agents.accounts import AccountsAgent
from src.agents.accounts.passwords import Passwords
from src.agents.accounts.tokens import JwtSigner
from src.agents.answer import AnswerAgent
from src.agents.catalogue import CatalogueAgent
from src.agents.experiment_runner import ExperimentRunnerAgent
from src.agents.experiment_runner.policy import Policy
from src.agents.feedback_analyst import FeedbackAnalystAgent
from src.agents.feedback_analyst.analysis import Analysis, Analyzer, Titles, analyzers
from src.agents.fine_tuner import FineTunerAgent
from src.agents.fine_tuner.archive import DatasetArchive
from src.agents.fine_tuner.corrections import PlainCorrections
from src.agents.fine_tuner.full import FullTrainer
from src.agents.fine_tuner.policy import TrainingPolicy
from src.agents.fine_tuner.synthetic import SyntheticQuestions, SyntheticSettings
from src.agents.fine_tuner.trainers import LadderTrainer, RunTrainer, Trainer
from src.agents.fine_tuner.training import Training
from src.agents.fine_tuner.tuning import TuningPolicy
from src.agents.indexing import IndexingAgent
from src.agents.indexing.building import IndexBuilder
from src.agents.indexing.keeping import Keeping
from src.agents.indexing.listing import IndexListing
from src.agents.indexing.rebuild import IndexFiller
from src.agents.ingestion import IngestionAgent, SourcesAgent
from src.agents.ingestion.pipeline import IngestionPipeline
from src.agents.ingestion.recutting import Recutting
from src.agents.ingestion.sync import SourceSync
from src.agents.monitor import MonitorAgent
from src.agents.monitor.agents import AgentBoard
from src.agents.monitor.alarms import Alarms
from src.agents.monitor.collectors import (
    ContentCollector,
    DriftCollector,
    LatencyCollector,
    MachineCollector,
    QualityCollector,
    QueueCollector,
    TrafficCollector,
)
from src.agents.monitor.errors import ErrorLog, FailureSource
from src.agents.monitor.failures import DocumentFailures, EventFailures, JobFailures, RequestFailures
from src.agents.monitor.health import (
    DatabaseCheck,
    DiskCheck,
    EmbeddingCheck,
    HealthBoard,
    HealthCheck,
    HealthCollector,
    IndexCheck,
)
from src.agents.monitor.measuring import Collector, Measuring
from src.agents.monitor.metrics import MetricsReader
from src.agents.monitor.rules import Thresholds, standard_rules
from src.agents.monitor.watch import Watch
from src.agents.notifier import NotifierAgent
from src.agents.retrieval import RetrievalAgent
from src.core.agent import Agent
from src.core.settings import Settings
from src.core.steering import Steering
from src.core.tally import Tally
from src.database.uow import Database
from src.services.indexing import Cuts, IndexWriter, PassageVectors
from src.services.text.analyser import Analyser
from src.services.text.sentences import Words
from src.services.training.child import Tuner
from src.services.training.recipe import TuningSettings
from src.services.webhooks import HttpReceiver


def make_agents(
    settings: Settings,
    database: Database,
    out: Adapters,
    passwords: Passwords,
    secret: bytes,
    steering: Steering,
    tally: Tally,
) -> tuple[Agent, ...]:
    """All agents of an application."""
    cuts = Cuts(database, out.blobs, out.parser)
    writer = IndexWriter(out.vectors, out.lexical, out.embedders, cuts)
    vectors = PassageVectors(database, out.embedders)
    analyser = Analyser()
    pipeline = IngestionPipeline(database, out.blobs, out.parser, vectors, writer, cuts)

    def words(text: str) -> list[str]:
        return analyser.analyse(text).content

    return (
        AccountsAgent(
            database,
            passwords,
            JwtSigner(secret, database.clock),
            token_lifetime_s=settings.token_lifetime_s,
        ),
        CatalogueAgent(database, out.blobs, writer),
        IngestionAgent(
            database,
            out.blobs,
            pipeline,
            Recutting(database, out.parser),
            max_file_bytes=settings.max_file_bytes,
        ),
        SourcesAgent(
            database,
            out.vault,
            pipeline,
            SourceSync(database, out.blobs, out.vault, out.readers),
            _next_run,
        ),
        _indexing(settings, database, out, writer),
        RetrievalAgent(database, out.blobs, out.embedders, out.vectors, out.lexical, analyser),
        AnswerAgent(
            database,
            out.embedder,
            out.chats,
            words,
            timeout_s=settings.llm_timeout_s,
            max_tokens=settings.llm_max_tokens,
        ),
        FeedbackAnalystAgent(
            database,
            out.embedder,
            words,
            Analysis(
                database,
                out.embedder,
                words,
                make_analyzers(),
                Titles(out.chats.configured),
                # What is older than two periods must still be there to compare with.
                period_days=max(1, min(14, settings.retention_days // 2)),
            ),
        ),
        ExperimentRunnerAgent(
            database,
            out.blobs,
            Policy(
                learning=settings.learning,
                automatic=settings.promotion == "automatic",
                generates=settings.llm_provider != "extractive",
                pause_s=settings.trial_pause_s,
            ),
            out.parser.cut_by,
        ),
        _fine_tuner(settings, database, out, words),
        _monitor(settings, database, out, steering, tally),
        NotifierAgent(database, _receivers(settings)),
    )


def _indexing(settings: Settings, database: Database, out: Adapters, writer: IndexWriter) -> IndexingAgent:
    vectors = PassageVectors(database, out.embedders, share=settings.index_build_share)
    cuts = Cuts(database, out.blobs, out.parser, share=settings.index_build_share)
    builder = IndexBuilder(database, writer, vectors, IndexFiller(database, vectors, writer), cuts)
    return IndexingAgent(
        database,
        out.blobs,
        out.embedders,
        writer,
        builder,
        IndexListing(out.vectors, writer, out.embedders, out.parser),
        keeping=Keeping(settings.index_keep_s, settings.index_keep),
        forget=partial(forget_trained, settings),
    )


def _fine_tuner(settings: Settings, database: Database, out: Adapters, words: Words) -> FineTunerAgent:
    ladder = LadderTrainer()
    trainers: tuple[Trainer | RunTrainer, ...] = (ladder, _full_trainer(settings, database, out))
    return FineTunerAgent(
        database,
        out.embedders,
        Training(
            database,
            out.blobs,
            out.embedders,
            DatasetArchive(database, out.embedder),
            {trainer.name: trainer for trainer in trainers},
            SyntheticQuestions(
                database, out.chats.configured, SyntheticSettings(passages=settings.synthetic_passages)
            ),
            PlainCorrections(database, words),
        ),
        TrainingPolicy(
            automatic=settings.learning, first=ladder.least_questions, pause_s=settings.training_pause_s
        ),
        TuningPolicy(
            automatic=settings.learning and settings.tuning,
            first=settings.tuning_from,
            pause_s=settings.tuning_pause_s,
        ),
    )


def _full_trainer(settings: Settings, database: Database, out: Adapters) -> FullTrainer:
    return FullTrainer(
        database,
        out.blobs,
        out.embedders,
        PassageVectors(database, out.embedders, share=settings.index_build_share),
        Tuner(threads=settings.training_threads, memory=settings.training_memory_bytes),
        find_base=out.find_base,
        folder=settings.data_dir / "training",
        settings=TuningSettings(negatives=settings.tuning_negatives),
    )


def make_analyzers() -> tuple[Analyzer, ...]:
    """What recognises causes of failing questions. A new one is one line here."""
    return (
        analyzers.Outdated(),
        analyzers.NotUsed(),
        analyzers.NotRetrieved(),
        analyzers.RankedLow(),
        analyzers.NothingIndexed(),
        analyzers.UnclearQuestion(),
        analyzers.WrongWording(),
    )


def _next_run(schedule: str, after: datetime) -> datetime:
    from src.services.sources.schedule import Schedule

    return Schedule.parse(schedule).next_run(after)


def _health_checks(settings: Settings, database: Database, out: Adapters) -> list[HealthCheck]:
    """What must be ready. Another check is one class and one line here."""
    return [
        DatabaseCheck(database),
        IndexCheck("vectors", out.vectors),
        IndexCheck("lexical", out.lexical),
        EmbeddingCheck(out.embedder),
        DiskCheck(settings.data_dir),
    ]


def _collectors(settings: Settings, out: Adapters, health: HealthBoard) -> list[Collector]:
    """What is measured. Another collector is one class and one line here."""
    return [
        HealthCollector(health),
        MachineCollector(settings.data_dir),
        QueueCollector(out.broker),
        TrafficCollector(),
        LatencyCollector(),
        QualityCollector(),
        ContentCollector(),
        DriftCollector(out.embedder),
    ]


def _monitor(
    settings: Settings, database: Database, out: Adapters, steering: Steering, tally: Tally
) -> MonitorAgent:
    health = HealthBoard(_health_checks(settings, database, out))
    board = AgentBoard(database, out.broker, tally)
    measuring = Measuring(database, _collectors(settings, out, health))
    watch = Watch(measuring, Alarms(database, standard_rules(_thresholds(settings))))
    sources: list[FailureSource] = [RequestFailures(), JobFailures(), DocumentFailures(), EventFailures()]
    return MonitorAgent(
        database,
        board,
        health,
        MetricsReader(database, board, watch),
        steering,
        watch,
        ErrorLog(database, sources),
        job_stuck_s=settings.job_stuck_s,
        retention_days=settings.retention_days,
    )


def _thresholds(settings: Settings) -> Thresholds:
    """The settings named ``alert_...`` that are limits."""
    return Thresholds(
        **{field.name: getattr(settings, f"alert_{field.name}") for field in fields(Thresholds)}
    )


def _receivers(settings: Settings) -> list[HttpReceiver]:
    secret = settings.alert_webhook_secret
    return [
        HttpReceiver(
            address.get_secret_value(),
            secret.get_secret_value() if secret else None,
            timeout_s=settings.alert_webhook_timeout_s,
        )
        for address in settings.alert_webhooks
    ]

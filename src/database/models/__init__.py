"""The typed models of every table."""

from .account import PersonalTokenRecord, SignInFailureRecord, UserRecord
from .answer import AnswerCollectionRecord, AnswerRecord, ConversationRecord, SearchRecord
from .base import Base
from .bus import DeadLetterRecord, DeliveryRecord, EventRecord, InboxRecord
from .collection import CollectionRecord, EmbeddingRecord, IndexRecord, MembershipRecord
from .console import ActivityLine, AgentRecord, FactRecord
from .document import (
    CounterpartRecord,
    CutRecord,
    DocumentRecord,
    DocumentVersionRecord,
    PassageRecord,
    SkippedFileRecord,
    SourceRecord,
    VectorRecord,
)
from .feedback import InsightRecord, QuestionVectorRecord, RatingRecord, SignalRecord
from .job import JobRecord, LeaseRecord
from .learning import (
    DatasetRecord,
    EvaluationRecord,
    ExampleRecord,
    ExperimentRecord,
    ExperimentVoteRecord,
    GoldenQuestionRecord,
    GoldenSetRecord,
    MadeQuestionRecord,
    ModelChangeRecord,
    ModelRecord,
    PoolRecord,
    TrainingRunRecord,
)
from .watching import AlertRecord, ErrorHourRecord, ErrorPatternRecord, MeasurementRecord

__all__ = [
    "ActivityLine",
    "AgentRecord",
    "AlertRecord",
    "AnswerCollectionRecord",
    "AnswerRecord",
    "Base",
    "CollectionRecord",
    "ConversationRecord",
    "CounterpartRecord",
    "CutRecord",
    "DatasetRecord",
    "DeadLetterRecord",
    "DeliveryRecord",
    "DocumentRecord",
    "DocumentVersionRecord",
    "EmbeddingRecord",
    "ErrorHourRecord",
    "ErrorPatternRecord",
    "EvaluationRecord",
    "EventRecord",
    "ExampleRecord",
    "ExperimentRecord",
    "ExperimentVoteRecord",
    "FactRecord",
    "GoldenQuestionRecord",
    "GoldenSetRecord",
    "InboxRecord",
    "IndexRecord",
    "InsightRecord",
    "JobRecord",
    "LeaseRecord",
    "MadeQuestionRecord",
    "MeasurementRecord",
    "MembershipRecord",
    "ModelChangeRecord",
    "ModelRecord",
    "PassageRecord",
    "PersonalTokenRecord",
    "PoolRecord",
    "QuestionVectorRecord",
    "RatingRecord",
    "SearchRecord",
    "SignInFailureRecord",
    "SignalRecord",
    "SkippedFileRecord",
    "SourceRecord",
    "TrainingRunRecord",
    "UserRecord",
    "VectorRecord",
]

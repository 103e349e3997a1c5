"""The typed models of every table."""

from .account import PersonalTokenRecord, SignInFailureRecord, UserRecord
from .answer import AnswerCollectionRecord, AnswerRecord, ConversationRecord, SearchRecord
from .base import Base
from .bus import DeadLetterRecord, DeliveryRecord, EventRecord, InboxRecord
from .collection import CollectionRecord, IndexRecord, MembershipRecord
from .console import ActivityLine, AgentRecord, FactRecord
from .document import (
    DocumentRecord,
    DocumentVersionRecord,
    PassageRecord,
    SkippedFileRecord,
    SourceRecord,
    VectorRecord,
)
from .job import JobRecord, LeaseRecord

__all__ = [
    "ActivityLine",
    "AgentRecord",
    "AnswerCollectionRecord",
    "AnswerRecord",
    "Base",
    "CollectionRecord",
    "ConversationRecord",
    "DeadLetterRecord",
    "DeliveryRecord",
    "DocumentRecord",
    "DocumentVersionRecord",
    "EventRecord",
    "FactRecord",
    "InboxRecord",
    "IndexRecord",
    "JobRecord",
    "LeaseRecord",
    "MembershipRecord",
    "PassageRecord",
    "PersonalTokenRecord",
    "SearchRecord",
    "SignInFailureRecord",
    "SkippedFileRecord",
    "SourceRecord",
    "UserRecord",
    "VectorRecord",
]

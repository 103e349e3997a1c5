"""Named, typed queries, one repository for each kind of record."""

from .accounts import PersonalTokens, SignInFailures, Users
from .answers import Answers, Conversations, Searches
from .collections import Collections, Indexes
from .console import Activities, AgentRecords, DeadLetters, Events, Facts
from .cuts import DocumentCuts
from .documents import Documents
from .embeddings import Embeddings
from .jobs import Jobs
from .learning import Datasets, Experiments, GoldenSets, TrainingRuns
from .models import Models
from .passages import CachedVectors, Passages
from .searching import Searching
from .sources import SkippedFiles, Sources
from .watching import Alerts, ErrorPatterns

__all__ = [
    "Activities",
    "AgentRecords",
    "Alerts",
    "Answers",
    "CachedVectors",
    "Collections",
    "Conversations",
    "Datasets",
    "DeadLetters",
    "DocumentCuts",
    "Documents",
    "Embeddings",
    "ErrorPatterns",
    "Events",
    "Experiments",
    "Facts",
    "GoldenSets",
    "Indexes",
    "Jobs",
    "Models",
    "Passages",
    "PersonalTokens",
    "Searches",
    "Searching",
    "SignInFailures",
    "SkippedFiles",
    "Sources",
    "TrainingRuns",
    "Users",
]

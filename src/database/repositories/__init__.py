"""Named, typed queries, one repository for each kind of record."""

from .accounts import PersonalTokens, SignInFailures, Users
from .answers import Answers, Conversations, Searches
from .collections import Collections, Indexes
from .console import Activities, AgentRecords, DeadLetters, Events, Facts
from .documents import Documents
from .jobs import Jobs
from .passages import CachedVectors, Passages
from .sources import SkippedFiles, Sources

__all__ = [
    "Activities",
    "AgentRecords",
    "Answers",
    "CachedVectors",
    "Collections",
    "Conversations",
    "DeadLetters",
    "Documents",
    "Events",
    "Facts",
    "Indexes",
    "Jobs",
    "Passages",
    "PersonalTokens",
    "Searches",
    "SignInFailures",
    "SkippedFiles",
    "Sources",
    "Users",
]

"""Streams of server-sent events: the event log, a job's progress, an answer while it is written.

Each open stream holds a server thread, so their number is capped; one thread reads the event log, and
one the watched jobs, for all streams together.
"""

from .answers import AnswerPart
from .feed import Feed
from .service import Streams
from .sse import ServerEvent

__all__ = ["AnswerPart", "Feed", "ServerEvent", "Streams"]

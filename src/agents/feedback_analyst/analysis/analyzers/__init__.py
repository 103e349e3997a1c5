"""The analyzers that come with Stoa, one class each."""

from .not_retrieved import NotRetrieved
from .not_used import NotUsed
from .nothing_indexed import NothingIndexed
from .outdated import Outdated
from .ranked_low import RankedLow
from .unclear import UnclearQuestion
from .wording import WrongWording

__all__ = [
    "NotRetrieved",
    "NotUsed",
    "NothingIndexed",
    "Outdated",
    "RankedLow",
    "UnclearQuestion",
    "WrongWording",
]

"""An answer while it is made: what was given out so far, and what that amounts to."""

from __future__ import annotations

from dataclasses import dataclass, field

from src.core.ports import UsagePiece


@dataclass(frozen=True)
class Delta:
    """The next characters of the answer."""

    text: str


@dataclass(frozen=True)
class Cited:
    """Passage ``number`` is cited from here on; ``quote`` is what supports the first sentence that does."""

    number: int
    quote: str


Item = Delta | Cited


@dataclass
class Draft:
    """``text`` is all deltas joined; ``quotes`` are by passage number, in the order of first citation;
    ``uncited`` are the claims for which no source was found. ``model`` is who wrote it in the end;
    ``stopped`` is True where it ends early because nobody read on, ``cut`` where the model would not end,
    ``declined`` where the evidence was too weak to answer from, ``fell_back`` where extracts took over from a
    model that failed."""

    text: str = ""
    quotes: dict[int, str] = field(default_factory=dict)
    claims: int = 0
    uncited: list[str] = field(default_factory=list)
    model: str = ""
    notice: str | None = None
    stopped: bool = False
    cut: bool = False
    declined: bool = False
    fell_back: bool = False
    usage: UsagePiece | None = None

    def add(self, item: Item) -> Item:
        """Take the item over and return it, so that what is recorded is what is given out."""
        if isinstance(item, Delta):
            self.text += item.text
        else:
            self.quotes.setdefault(item.number, item.quote)
        return item

    @property
    def refused(self) -> bool:
        """Nothing was answered, by us or by the model, which then neither claims nor cites anything."""
        return self.declined or not (self.stopped or self.claims or self.quotes)

    @property
    def grounded(self) -> bool:
        """Something is cited, and every claim is."""
        return bool(self.quotes) and not self.uncited

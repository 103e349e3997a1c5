"""After a promotion: the version before keeps a small share, and takes over again where it wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .estimate import Estimate, Shares, Vote, estimate


@dataclass(frozen=True)
class Watch:
    """The state of the watch: whether to return to the version before, what share of the questions to
    interleave from now on, and the window that speaks most for a return (None before the first is full)."""

    back: bool
    share: float
    window: int | None
    evidence: Estimate | None
    sentence: str


@dataclass(frozen=True)
class ReturnRule:
    """Watches the latest votes on interleaved lists, the version before as the treatment.

    The last 100, 200, 400 and 800 votes are each tested: a damage of any age shows in one of them without
    being thinned by the good time before it. ``share`` of the questions are interleaved; while a window (or
    the last ``early`` votes) stands at ``suspicion`` or above, all are, so that a doubt is settled in a
    fifth of the time. That is sound because the share never depends on the question at hand.

    """

    windows: tuple[int, ...] = (100, 200, 400, 800)
    critical: float = 2.75
    suspicion: float = 1.0
    early: int = 50
    share: float = 0.2
    alert_share: float = 1.0
    fewest: int = 20
    agreement: float = 1.28

    def judge(self, votes: Sequence[Vote], shares: Shares | None = None) -> Watch:
        """Judge ``votes`` since the promotion, oldest first, with gains of the version before over the live
        one (``Entry.gain`` where the version before was interleaved as the treatment).

        The rates were measured with a judgement at every fifth vote; judge as often or less.
        """
        sizes = [size for size in (self.early, *self.windows) if len(votes) >= size]
        if not sizes:
            waiting = f"Watching: {len(votes)} of the first {self.early} up-votes on mixed lists."
            return Watch(False, self.share, None, None, waiting)
        found = {size: estimate(votes[-size:], shares) for size in sizes}
        won = [size for size in sizes if size in self.windows and self._wins(found[size])]
        window = max(won or sizes, key=lambda size: found[size].z)
        return self._watch(bool(won), window, found[window])

    def _wins(self, seen: Estimate) -> bool:
        return (
            seen.z >= self.critical
            and seen.informative >= self.fewest
            and min(seen.agreement, seen.jackknife) >= self.agreement
        )

    def _watch(self, back: bool, window: int, seen: Estimate) -> Watch:
        what = f"over the last {window} up-votes on mixed lists readers preferred"
        lead = f"the version before by {seen.mean:.3f} nDCG a vote"
        z = f"(z {seen.z:.2f}, a return takes {self.critical:.2f})"
        if back:
            said = f"Returned to the version before: {what} it by {seen.mean:.3f} nDCG a vote, "
            return Watch(True, 0.0, window, seen, f"{said}more than chance explains {z}.")
        if seen.z >= self.suspicion:
            much = "more than chance explains, but on too few votes, readers or questions to return"
            little = "which may still be chance"
            sure = much if seen.z >= self.critical else little
            said = f"Suspicious: {what} {lead}, {sure} {z}. Until that is clear every list is mixed."
            return Watch(False, self.alert_share, window, seen, said)
        if seen.mean > 0:
            said = f"Healthy: {what} {lead}, no more than chance does, so the live one stays {z}."
        else:
            live = f"the live version by {-seen.mean:.3f} nDCG a vote"
            said = f"Healthy: {what} {live}, so nothing speaks for a return {z}."
        return Watch(False, self.share, window, seen, said)

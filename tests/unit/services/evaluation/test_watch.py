"""The watch after a promotion."""

from __future__ import annotations

import numpy as np

from src.services.evaluation.estimate import Vote
from src.services.evaluation.watch import ReturnRule

RULE = ReturnRule()


def votes(*phases: tuple[int, float], seed: int = 0, deviation: float = 0.18) -> list[Vote]:
    """Phases of (votes, mean gain of the version before)."""
    rng = np.random.default_rng(seed)
    gains = np.concatenate([rng.normal(mean, deviation, size=n) for n, mean in phases])
    return [Vote(f"u{i * 7 % 30}", f"q{i}", float(gain)) for i, gain in enumerate(gains)]


def returned_after(stream: list[Vote], start: int = 0) -> int | None:
    for n in range(max(50, start), len(stream) + 1, 5):
        if RULE.judge(stream[:n]).back:
            return n
    return None


def test_a_damage_after_a_long_good_time_is_found() -> None:
    found = [returned_after(votes((600, -0.03), (800, 0.035), seed=seed), 600) for seed in range(20)]
    late = [n - 600 for n in found if n is not None]
    assert len(late) >= 19
    assert np.median(late) < 350


def test_a_better_version_stays() -> None:
    assert all(returned_after(votes((1000, -0.02), seed=seed)) is None for seed in range(15))


def test_a_suspicion_widens_the_share_and_its_end_narrows_it() -> None:
    assert RULE.judge(votes((60, 0.1))).share == 1.0
    assert RULE.judge(votes((60, -0.1))).share == 0.2
    assert RULE.judge(votes((60, 0.1), (800, -0.1))).share == 0.2


def test_before_the_first_votes_the_share_is_kept_and_nothing_is_judged() -> None:
    watch = RULE.judge(votes((30, 1.0)))
    assert (watch.back, watch.share, watch.window) == (False, 0.2, None)
    assert watch.sentence == "Watching: 30 of the first 50 up-votes on mixed lists."


def test_one_loud_reader_does_not_bring_the_old_version_back() -> None:
    calm = votes((400, 0.0), deviation=0.001)
    loud = [Vote("loud", f"f{i}", 1.0) for i in range(400)]
    mixed = [vote for pair in zip(calm, loud, strict=True) for vote in pair]
    assert not any(RULE.judge(mixed[:n]).back for n in range(50, 801, 50))


def test_a_return_is_explained() -> None:
    watch = RULE.judge(votes((200, 0.1)))
    assert watch.back
    assert watch.share == 0.0
    assert watch.sentence.startswith("Returned to the version before: over the last")
    assert watch.evidence is not None
    assert watch.sentence.endswith(
        f"readers preferred it by {watch.evidence.mean:.3f} nDCG a vote, more than chance explains "
        f"(z {watch.evidence.z:.2f}, a return takes 2.75)."
    )


def test_a_watch_says_in_words_whom_readers_preferred_and_how_sure_that_is() -> None:
    assert "readers preferred the live version by 0.0" in RULE.judge(votes((60, -0.1))).sentence
    doubt = RULE.judge(votes((60, 0.1))).sentence
    assert "preferred the version before by 0.1" in doubt
    assert "more than chance explains, but on too few votes, readers or questions to return" in doubt
    assert "which may still be chance" in RULE.judge(votes((60, 0.05), seed=1)).sentence
    assert "no more than chance does" in RULE.judge(votes((60, 0.01), seed=3)).sentence

"""What features are called."""

from __future__ import annotations

from src.services.ranking.signals import standard_features
from src.services.ranking.wording import FEATURES, in_words


def test_every_feature_has_words_of_its_own() -> None:
    names = [feature.name for feature in standard_features()]
    assert set(names) <= set(FEATURES)
    assert len({in_words(name) for name in names}) == len(names)
    assert not any("_" in in_words(name) for name in names)


def test_a_feature_without_words_is_called_by_its_name() -> None:
    assert in_words("age_in_days") == "age in days"

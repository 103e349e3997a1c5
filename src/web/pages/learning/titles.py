"""What comparisons are called, and what settings say in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from src.core.messages.answering import settings_of
from src.core.messages.experiments import Method, Purpose

TITLES = {
    Method.INTERLEAVING: {
        Purpose.TRIAL: "Trial of a candidate",
        Purpose.WATCH: "Watch after a promotion",
        Purpose.AA: "Equal against equal",
    },
    Method.AB: {
        Purpose.TRIAL: "Another way to answer",
        Purpose.WATCH: "Watch after another way to answer",
        Purpose.AA: "The same way to answer twice",
    },
}


def in_words(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a model's card sets, each with its name; as it stands there where a later version wrote it."""
    try:
        return [(one.label, one.told()) for one in settings_of(card)]
    except ValidationError:
        return [("settings", str(card["settings"]))]

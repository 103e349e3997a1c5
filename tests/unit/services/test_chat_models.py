"""The language models of a provider, by name."""

from __future__ import annotations

from src.services.chat.models import ChatModels
from src.services.chat.openai import OpenAIChat


def named(name: str) -> OpenAIChat:
    return OpenAIChat(api_key="sk-test", model=name, base_url="http://127.0.0.1:9/v1")


def test_each_name_is_opened_once_and_kept_for_a_while() -> None:
    opened: list[str] = []

    def open_(name: str) -> OpenAIChat:
        opened.append(name)
        return named(name)

    models = ChatModels(named("large"), open_)
    assert models.named(None) is models.configured is models.named("large")
    small = models.named("small")
    assert small is not None
    assert (small.name, models.named("small") is small, opened) == ("small", True, ["small"])
    for number in range(8):
        models.named(f"other{number}")
    assert models.named("small") is not small, "the one that was asked for longest ago goes"


def test_without_a_language_model_there_are_no_others() -> None:
    assert ChatModels(None, named).named("small") is None

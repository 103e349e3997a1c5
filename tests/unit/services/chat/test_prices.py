from __future__ import annotations

import pytest

from src.services.chat.prices import ANTHROPIC, OPENAI, Price, price_of


def test_tokens_are_priced_by_the_million() -> None:
    assert Price(2, 10).cost_usd(1_000_000, 100_000) == pytest.approx(3.0)


def test_cached_and_written_tokens_have_their_own_factor() -> None:
    cost = Price(2, 10, cached=0.05).cost_usd(0, 0, cached_tokens=1_000_000, written_tokens=1_000_000)
    assert cost == pytest.approx(2 * 0.05 + 2 * 1.25)


def test_a_long_prompt_is_priced_as_a_whole() -> None:
    price = ANTHROPIC["claude-haiku-5-5"]
    assert price.cost_usd(100_000, 0) == pytest.approx(0.01)
    assert price.cost_usd(60_000, 0, cached_tokens=60_000) == pytest.approx(0.5 * 0.066)


def test_a_dated_snapshot_costs_what_its_model_does() -> None:
    assert price_of("claude-haiku-4-5-20251001", ANTHROPIC) == ANTHROPIC["claude-haiku-4-5"]


@pytest.mark.parametrize("model", ["claude-sonnet-9", "llama-3", "claude-sonnet-5-5-mini", ""])
def test_an_unknown_model_has_no_price(model: str) -> None:
    assert price_of(model, ANTHROPIC) is None


def test_no_price_is_nothing() -> None:
    for price in (*ANTHROPIC.values(), *OPENAI.values()):
        assert 0 < price.input < price.output
        assert (price.long_from is None) == (price.long_input == 0)

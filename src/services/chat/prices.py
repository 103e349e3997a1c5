"""What tokens cost, as data: list prices of the providers in US dollars per million tokens.

Read in November 2026 from the providers' model pages. A model that is not listed, and every model on
another host than the provider's own, has no known price.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens. Above ``long_from`` input tokens the ``long_*`` prices apply to the
    whole call. ``cached`` and ``written`` are factors on the input price for cache reads and writes."""

    input: float
    output: float
    cached: float = 0.1
    written: float = 1.25
    long_from: int | None = None
    long_input: float = 0.0
    long_output: float = 0.0

    def cost_usd(
        self, input_tokens: int, output_tokens: int, *, cached_tokens: int = 0, written_tokens: int = 0
    ) -> float:
        """``input_tokens`` are those neither read from nor written to a cache."""
        read = input_tokens + cached_tokens + written_tokens
        is_long = self.long_from is not None and read > self.long_from
        per_input = self.long_input if is_long else self.input
        per_output = self.long_output if is_long else self.output
        weighted = input_tokens + cached_tokens * self.cached + written_tokens * self.written
        return (weighted * per_input + output_tokens * per_output) / 1_000_000


ANTHROPIC = {
    "claude-fable-5-2": Price(8, 40),
    "claude-fable-5-1": Price(10, 50, cached=0.025),
    "claude-fable-5": Price(10, 50),
    "claude-opus-5-5": Price(4, 20, cached=0.05),
    "claude-opus-5": Price(5, 25),
    "claude-opus-4-8": Price(5, 25),
    "claude-opus-4-7": Price(5, 25),
    "claude-opus-4-6": Price(5, 25),
    "claude-opus-4-5": Price(5, 25),
    "claude-sonnet-5-5": Price(2, 10, cached=0.05),
    "claude-sonnet-5": Price(2, 10),
    "claude-sonnet-4-6": Price(3, 15),
    "claude-sonnet-4-5": Price(3, 15),
    "claude-haiku-5-5": Price(0.1, 0.5, long_from=100_000, long_input=0.5, long_output=2.5),
    "claude-haiku-4-5": Price(1, 5),
}

OPENAI = {
    "gpt-6-astra": Price(10, 50, long_from=272_000, long_input=20, long_output=75),
    "gpt-6-sol": Price(2, 10, long_from=272_000, long_input=4, long_output=15),
    "gpt-6-luna": Price(0.1, 0.5, long_from=272_000, long_input=0.2, long_output=0.75),
    "gpt-5.6-sol": Price(4, 20, long_from=272_000, long_input=8, long_output=30),
    "gpt-5.6-terra": Price(2, 12, long_from=272_000, long_input=4, long_output=18),
    "gpt-5.6-luna": Price(0.2, 1.2, long_from=272_000, long_input=0.4, long_output=1.8),
}


def price_of(model: str, table: dict[str, Price]) -> Price | None:
    """The price of ``model`` or, for a dated snapshot (`name-20250929`), of the model it is one of."""
    if model in table:
        return table[model]
    name, _, suffix = model.rpartition("-")
    return table.get(name) if len(suffix) == 8 and suffix.isdigit() else None

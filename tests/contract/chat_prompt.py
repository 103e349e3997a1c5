"""The prompt that every chat contract is run with, and what is read out of its pieces."""

from __future__ import annotations

from src.core.ports import ChatPassage, ChatPiece, ChatPrompt, ChatTurn, CitationPiece, TextPiece
from src.services.chat.circuit import CircuitBreaker
from src.services.chat.resilience import Backoff, Resilience

KEY = "sk-very-secret-key-0123456789"

PASSAGES = (
    ChatPassage(1, "Grass", "biology/grass.md", "The grass is green. It grows in spring."),
    ChatPassage(2, "Sky", "physics/sky.md", "The sky is blue because of Rayleigh scattering."),
    ChatPassage(3, "Sea", "physics/sea.md", "The sea is salty."),
)
PROMPT = ChatPrompt(
    system="Answer from the passages.",
    question="What colour is grass?",
    passages=PASSAGES,
    history=(ChatTurn("Is it summer?", "It is."),),
    max_tokens=300,
    marker_rules="Cite like [1].",
)


def text_of(pieces: list[ChatPiece]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextPiece))


def cited_by(pieces: list[ChatPiece]) -> list[int]:
    return [piece.number for piece in pieces if isinstance(piece, CitationPiece)]


def quick(**backoff: float) -> Resilience:
    """Retries that do not make a test wait; the breaker stays out of the way."""
    return Resilience(
        CircuitBreaker(failures=100), Backoff(first_s=0.01, longest_s=0.02, **backoff), draw=lambda: 1.0
    )

"""An answer as the page shows it, the same while it streams in and when it is read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import dedent

from flask import url_for
from markupsafe import Markup

from src.core.messages.questions import Answer, AnswerSummary, Citation, Hit
from src.web.display import is_code
from src.web.highlight import highlight
from src.web.markdown import Markdown
from src.web.pages.feedback.own import OwnRatings

MARKDOWN = Markdown()
EXTRACTIVE = "extractive"


@dataclass(frozen=True)
class CitationCard:
    """A citation beside its answer. ``href`` opens the passage in its file."""

    marker: str
    title: str
    href: str
    anchor: str
    code: bool
    quote: Markup
    citation: Citation


@dataclass(frozen=True)
class Turn:
    """A question with its answer. ``ratings`` are the reader's own; None where the answer is not theirs to
    rate."""

    answer: Answer
    anchor: str
    blocks: Sequence[Markup]
    cards: Sequence[CitationCard]
    ratings: OwnRatings | None

    @property
    def extract(self) -> bool:
        return self.answer.model == EXTRACTIVE

    @property
    def cited_passages(self) -> frozenset[str]:
        return frozenset(card.citation.passage_id for card in self.cards)


def anchor_of(answer_id: str) -> str:
    """What the ids of one answer's citations begin with."""
    return f"c-{answer_id}"


def turn_of(answer: Answer, ratings: OwnRatings | None) -> Turn:
    """The whole answer, ready to be shown."""
    anchor = anchor_of(answer.answer_id)
    markers = {citation.marker for citation in answer.citations}
    return Turn(
        answer=answer,
        anchor=anchor,
        blocks=MARKDOWN.blocks(answer.text, markers, anchor),
        cards=[card_of(citation, answer.answer_id, answer.passages) for citation in answer.citations],
        ratings=ratings,
    )


def card_of(citation: Citation, answer_id: str, passages: Iterable[Hit]) -> CitationCard:
    """The card of one citation; its passage tells whether the quote is code."""
    passage = next((hit for hit in passages if hit.passage_id == citation.passage_id), None)
    code = passage is not None and is_code(passage.kind)
    return CitationCard(
        marker=citation.marker,
        title=citation.title or citation.location.path or citation.external_id,
        href=url_for(
            "documents.show",
            document_id=citation.document_id,
            passage=citation.passage_id,
            answer=answer_id,
            marker=citation.marker,
            _anchor="marked",
        ),
        anchor=f"{anchor_of(answer_id)}-{citation.marker}",
        code=code,
        quote=highlight(dedent(citation.quote), path=citation.location.path)
        if code
        else Markup.escape(citation.quote),
        citation=citation,
    )


@dataclass(frozen=True)
class Conversation:
    """A conversation in the history: its first question that is known here, its newest answer."""

    conversation_id: str
    title: str
    latest: AnswerSummary


def conversations(answers: Iterable[AnswerSummary]) -> list[Conversation]:
    """The conversations of ``answers``, which come newest first."""
    grouped: dict[str, list[AnswerSummary]] = {}
    for answer in answers:
        grouped.setdefault(answer.conversation_id, []).append(answer)
    return [Conversation(key, group[-1].question, group[0]) for key, group in grouped.items()]

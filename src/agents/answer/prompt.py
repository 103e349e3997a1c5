"""The prompts of the answer agent, and the prompt that one question becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files

from src.core.messages.answering import Template
from src.core.messages.questions import Hit, Style
from src.core.ports import ChatPassage, ChatPrompt, ChatTurn

from .markdown import code_span, quoted

_MARKER = re.compile(r"\s*(?<![\\\w])\[\d{1,3}\]")
_HISTORY_CHARACTERS = 1500


@dataclass(frozen=True)
class Prompts:
    """The texts of the prompts. ``version`` names them: another text is another version. ``template`` is what
    a model is told to do; ``data``, what passages are and are not, follows whatever template is used."""

    templates: dict[Template, str]
    template: str
    data: str
    styles: dict[Style, str]
    markers: str
    condense: str

    @classmethod
    def load(cls) -> Prompts:
        """Read the prompts that ship with the agent."""
        folder = files(__package__).joinpath("prompts")

        def text(name: str) -> str:
            return folder.joinpath(f"{name}.md").read_text(encoding="utf-8").strip()

        styles = {style: text(style.value) for style in Style}
        templates = {template: text(f"templates/{template.value}") for template in Template}
        standard = templates[Template.STANDARD]
        return cls(templates, standard, text("data"), styles, text("markers"), text("condense"))

    def using(self, template: Template, text: str | None = None) -> Prompts:
        """The same with another template: one of those that ship with the agent, or one's own."""
        return replace(self, template=text or self.templates[template])

    @property
    def system(self) -> str:
        return f"{self.template}\n\n{self.data}"

    @property
    def version(self) -> str:
        texts = [self.system, *(self.styles[style] for style in Style), self.markers, self.condense]
        return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]

    def prompt(
        self,
        question: str,
        hits: Sequence[Hit],
        *,
        style: Style,
        history: Sequence[ChatTurn] = (),
        max_tokens: int,
        passage_characters: int,
    ) -> ChatPrompt:
        """The prompt for a question; the hits share ``passage_characters``, the first ones first."""
        return ChatPrompt(
            system=f"{self.system}\n\n{self.styles[style]}",
            question=question,
            passages=tuple(chat_passages(hits, passage_characters)),
            history=tuple(ChatTurn(turn.question, plain_turn(turn.answer)) for turn in history),
            max_tokens=max_tokens,
            marker_rules=self.markers,
        )


def chat_passages(hits: Sequence[Hit], characters: int) -> list[ChatPassage]:
    """The hits as a model sees them, numbered by rank. No passage takes more than its share of what is
    left, so that one long passage does not crowd out the rest; a cut passage is a prefix of its text."""
    passages = []
    left = characters
    for index, hit in enumerate(hits):
        share = max(left // 3, left // (len(hits) - index))
        text = hit.text[:share]
        left -= len(text)
        if text.strip():
            passages.append(ChatPassage(hit.rank, hit.symbol or hit.title or hit.context, place(hit), text))
    return passages


def place(hit: Hit) -> str:
    """Where a hit stands, for people: its path or name, with lines, page, cell or heading."""
    location = hit.location
    name = location.path or hit.external_id or hit.title
    if location.page is not None:
        return f"{name}, page {location.page}"
    if location.cell is not None:
        return f"{name}, cell {location.cell}"
    if location.start_line is not None:
        end = location.end_line or location.start_line
        lines = f"line {end}" if end == location.start_line else f"lines {location.start_line}-{end}"
        return f"{name}, {lines}"
    if location.heading_path:
        return f"{name}, {' > '.join(location.heading_path)}"
    return name


def named(hit: Hit) -> str:
    """The same as Markdown: by its title first where there is one and no path, since an id says little."""
    shown = code_span(place(hit))
    if hit.location.path or hit.title in {"", hit.external_id}:
        return shown
    return f"{quoted(hit.title)} ({shown})"


def plain_turn(answer: str) -> str:
    """An earlier answer without its markers, whose numbers mean other passages now, and not too long."""
    text = _MARKER.sub("", answer).strip()
    return text if len(text) <= _HISTORY_CHARACTERS else text[:_HISTORY_CHARACTERS].rstrip() + " …"

"""The settings by which a collection's questions are answered: what a comparison of answers varies."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, model_validator

from .base import Message, no_nul
from .questions import Style

TemplateText = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=20, max_length=8000), AfterValidator(no_nul)
]
ModelName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(no_nul)
]


class Template(StrEnum):
    """A template that comes with Stoa."""

    STANDARD = "standard"
    QUOTING = "quoting"


class Rewriting(StrEnum):
    """Who makes a question that leans on its conversation one that stands alone: the language model (words
    of the question before where there is none), those words only, or nobody."""

    MODEL = "model"
    WORDS = "words"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Recipe:
    """How one question is answered. None leaves it as configured, or as the question itself asks."""

    template: Template = Template.STANDARD
    template_text: str | None = None
    style: Style | None = None
    model: str | None = None
    evidence: float | None = None
    passages: int | None = None
    rewriting: Rewriting = Rewriting.MODEL
    memory: bool = True


class Setting(Message, ABC):
    """One setting. A new one is a class with its ``kind``, what it does to a recipe and how it is told, and a
    place in ``AnySetting``. ``generates`` is True where it matters only if a language model answers."""

    generates: ClassVar[bool] = False
    label: ClassVar[str]

    @abstractmethod
    def told(self) -> str:
        """What it is set to, for people."""

    @abstractmethod
    def apply(self, recipe: Recipe) -> Recipe:
        """The recipe with this setting in it."""


class PromptTemplate(Setting):
    """What the language model is told to do: a template of one's own, or by its name one that comes with
    Stoa. What keeps passages from giving orders is always added, whatever a template says."""

    generates: ClassVar[bool] = True
    label: ClassVar[str] = "template"
    kind: Literal["template"] = "template"
    name: Template | None = None
    text: TemplateText | None = None

    @model_validator(mode="after")
    def _one(self) -> PromptTemplate:
        if (self.name is None) == (self.text is None):
            raise ValueError("needs either the name of a template or a text")
        return self

    def told(self) -> str:
        return self.text or str(self.name)

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, template=self.name or Template.STANDARD, template_text=self.text)


class AnswerStyle(Setting):
    """How answers are written to readers who do not choose a style themselves."""

    label: ClassVar[str] = "style"
    kind: Literal["style"] = "style"
    style: Style

    def told(self) -> str:
        return self.style.value

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, style=self.style)


class LanguageModel(Setting):
    """Which model of the configured provider answers; null is the configured one."""

    generates: ClassVar[bool] = True
    label: ClassVar[str] = "language model"
    kind: Literal["model"] = "model"
    name: ModelName | None

    def told(self) -> str:
        return self.name or "as configured"

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, model=self.name)


class EvidenceThreshold(Setting):
    """How well the passages must fit a question for it to be answered at all: the best cosine and 0.3 of
    the share of the question's words that they hold. Null is the calibrated threshold."""

    label: ClassVar[str] = "least evidence"
    kind: Literal["evidence"] = "evidence"
    least: float | None = Field(ge=0, le=1.3)

    def told(self) -> str:
        return "as calibrated" if self.least is None else f"{self.least:g}"

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, evidence=self.least)


class PassageCount(Setting):
    """How many passages an answer is made from, where the question does not say; null is the default, 8."""

    label: ClassVar[str] = "passages"
    kind: Literal["passages"] = "passages"
    k: int | None = Field(ge=1, le=50)

    def told(self) -> str:
        return "8" if self.k is None else f"{self.k}"

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, passages=self.k)


class QuestionRewriting(Setting):
    """Who rewrites a question that leans on the conversation before it."""

    label: ClassVar[str] = "follow-up questions rewritten by"
    kind: Literal["rewriting"] = "rewriting"
    by: Rewriting

    def told(self) -> str:
        return {"model": "the language model", "words": "words of the question before"}.get(self.by, "nobody")

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, rewriting=self.by)


class VoteMemory(Setting):
    """Whether passages that helped with like questions are lifted for answers."""

    label: ClassVar[str] = "memory of votes"
    kind: Literal["memory"] = "memory"
    used: bool

    def told(self) -> str:
        return "used" if self.used else "not used"

    def apply(self, recipe: Recipe) -> Recipe:
        return replace(recipe, memory=self.used)


AnySetting = Annotated[
    PromptTemplate
    | AnswerStyle
    | LanguageModel
    | EvidenceThreshold
    | PassageCount
    | QuestionRewriting
    | VoteMemory,
    Field(discriminator="kind"),
]


def _one_of_each(settings: tuple[AnySetting, ...]) -> tuple[AnySetting, ...]:
    kinds = [setting.kind for setting in settings]
    if len(set(kinds)) < len(kinds):
        raise ValueError("names the same kind of setting twice")
    return settings


Variant = Annotated[tuple[AnySetting, ...], Field(min_length=1, max_length=20), AfterValidator(_one_of_each)]
"""Settings of different kinds; what is not named stays as it is."""


def settings_of(card: Mapping[str, Any]) -> tuple[AnySetting, ...]:
    """The settings in a model's card. Raises ValidationError where a later version wrote them."""
    known: TypeAdapter[tuple[AnySetting, ...]] = TypeAdapter(tuple[AnySetting, ...])
    return known.validate_python(card.get("settings") or ())


def recipe_of(settings: Iterable[Setting]) -> Recipe:
    """What the settings come to together."""
    recipe = Recipe()
    for setting in settings:
        recipe = setting.apply(recipe)
    return recipe

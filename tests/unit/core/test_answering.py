"""The settings of answers: each does what it says, is stored as it was sent, and is told in words."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from src.core.messages.answering import AnySetting, Recipe, Setting, Variant, recipe_of, settings_of

VARIANT: TypeAdapter[Any] = TypeAdapter(Variant)
EXAMPLES: list[tuple[dict[str, Any], str, object, str]] = [
    (
        {"kind": "template", "text": "Answer in rhymes, please."},
        "template_text",
        "Answer in rhymes, please.",
        "rhymes",
    ),
    ({"kind": "template", "name": "quoting"}, "template", "quoting", "quoting"),
    ({"kind": "style", "style": "concise"}, "style", "concise", "concise"),
    ({"kind": "model", "name": "small"}, "model", "small", "small"),
    ({"kind": "model", "name": None}, "model", None, "as configured"),
    ({"kind": "evidence", "least": 0.5}, "evidence", 0.5, "0.5"),
    ({"kind": "evidence", "least": None}, "evidence", None, "as calibrated"),
    ({"kind": "passages", "k": 3}, "passages", 3, "3"),
    ({"kind": "rewriting", "by": "words"}, "rewriting", "words", "words of the question before"),
    ({"kind": "rewriting", "by": "nobody"}, "rewriting", "nobody", "nobody"),
    ({"kind": "memory", "used": False}, "memory", False, "not used"),
]


@pytest.mark.parametrize(("sent", "field", "value", "told"), EXAMPLES, ids=lambda value: str(value)[:30])
def test_a_setting_does_what_it_says(sent: dict[str, Any], field: str, value: object, told: str) -> None:
    (setting,) = settings_of({"settings": [sent]})
    assert getattr(recipe_of([setting]), field) == value
    assert told in setting.told()
    assert setting.label
    assert settings_of({"settings": [setting.model_dump(mode="json")]}) == (setting,)


def test_every_kind_has_an_example_here() -> None:
    kinds = {kind.model_fields["kind"].default for kind in get_args(get_args(AnySetting)[0])}
    assert kinds == {sent["kind"] for sent, *_ in EXAMPLES}
    assert {kind for kind in Setting.__subclasses__() if kind.__module__ == Setting.__module__} == set(
        get_args(get_args(AnySetting)[0])
    )


def test_nothing_set_leaves_everything_as_configured() -> None:
    assert recipe_of(settings_of({})) == Recipe()
    assert recipe_of(settings_of({"settings": []})) == Recipe()


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [{"kind": "passages", "k": 51}],
        [{"kind": "passages", "k": 2}, {"kind": "passages", "k": 3}],
        [{"kind": "template", "text": "too short"}],
        [{"kind": "template", "text": "with a NUL \x00 in the middle"}],
        [{"kind": "template", "text": "x" * 8001}],
        [{"kind": "template"}],
        [{"kind": "evidence", "least": 2}],
        [{"kind": "evidence", "least": float("nan")}],
        [{"kind": "mood", "good": True}],
        [{"kind": "memory", "used": True, "more": 1}],
    ],
)
def test_what_is_no_setting_is_refused(sent: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        VARIANT.validate_python(sent)

"""Questions through the whole application: ingested files in, stored answers out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from src.core.caller import Caller
from src.core.errors import AppError
from src.core.messages.base import Message
from src.core.messages.questions import (
    Answer,
    AnswerCitation,
    AnswerDelta,
    AskQuestion,
    GetAnswer,
    ListAnswers,
    Retrieved,
    Style,
)
from tests.support import anthropic_server as wire
from tests.support.application import House, make_settings, running
from tests.support.scripted_server import Asked, Cut, Reply, ScriptedServer, serving

NOTES = """# Grass

The grass is green because of chlorophyll. It grows 3 cm in a wet spring.

# Sky

The sky is blue because of Rayleigh scattering.
"""
CODE = '''"""Tools for lawns."""


def mow(lawn, height_cm=4):
    """Cut the grass of a lawn to a height.

    Raises ValueError where the lawn is wet.
    """
    if lawn.wet:
        raise ValueError("wait until it is dry")
    lawn.height_cm = height_cm
'''


@dataclass
class Site:
    """An application with two documents, whose language model is the scripted server."""

    house: House
    collection_id: str
    server: ScriptedServer
    replies: list[Reply] = field(default_factory=list)

    def ask(
        self, question: str, *replies: Reply, caller: Caller | None = None, **fields: object
    ) -> tuple[Answer, list[Message]]:
        """The answer, and what was emitted while it was made."""
        self.replies[:] = replies
        emitted: list[Message] = []
        orchestrator = self.house.application.orchestrator
        request = AskQuestion.model_validate(
            {"question": question, "collection_ids": (self.collection_id,)} | fields
        )
        ctx = orchestrator.context(caller or self.house.caller, emit=emitted.append)
        return orchestrator.ask(request, ctx), emitted


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    replies: list[Reply] = []

    def script(asked: Asked) -> Reply:
        return replies.pop(0) if replies else wire.error(400, "invalid_request_error", "nothing scripted")

    with serving(script) as server:
        settings = make_settings(
            tmp_path_factory.mktemp("answers") / "data",
            llm="anthropic",
            llm_model="claude-test",
            anthropic_api_key=SecretStr("sk-test-key"),
            anthropic_base_url=server.url,
        )
        with running(settings) as application:
            house = House(application)
            collection_id = house.collection("Garden")
            house.upload(collection_id, {"notes.md": NOTES, "lawn.py": CODE})
            yield Site(house, collection_id, server, replies)


def marker_of(emitted: Sequence[Message], quote: str) -> int:
    """The number of the retrieved passage that holds ``quote``."""
    (retrieved,) = [message for message in emitted if isinstance(message, Retrieved)]
    return next(hit.rank for hit in retrieved.passages if quote in hit.text)


def test_what_the_stream_showed_is_what_is_stored(site: Site) -> None:
    _, emitted = site.ask("Why is the grass green?")
    number = marker_of(emitted, "chlorophyll")
    answer, emitted = site.ask(
        "Why is the grass green?", wire.answer("It is green because of chlo", f"rophyll [{number}].")
    )
    assert isinstance(emitted[0], Retrieved)
    assert emitted[0].passages == answer.passages
    assert "".join(one.text for one in emitted if isinstance(one, AnswerDelta)) == answer.text
    cited = tuple(one.citation for one in emitted if isinstance(one, AnswerCitation))
    assert cited == answer.citations
    assert answer.text == f"It is green because of chlorophyll [{number}]."
    assert (answer.model, answer.grounded, answer.notice) == ("claude-test", True, None)
    assert answer.usage.output_tokens > 0
    assert site.house.ask(GetAnswer(answer_id=answer.answer_id)) == answer


def test_a_citation_opens_at_the_lines_of_its_quote(site: Site) -> None:
    answer, _ = site.ask("Why is the grass green?", wire.error(500, "api_error"))
    cited = next(one for one in answer.citations if "chlorophyll" in one.quote)
    assert cited.location.start_line is not None
    assert "chlorophyll" in NOTES.splitlines()[cited.location.start_line - 1]
    assert cited.location.end_line == cited.location.start_line
    assert (cited.external_id, cited.content_hash is not None) == ("notes.md", True)


def test_a_stopped_answer_is_stored_as_far_as_it_was_shown(site: Site) -> None:
    _, emitted = site.ask("Why is the grass green?")
    number = marker_of(emitted, "chlorophyll")
    site.replies[:] = [wire.answer(*(f"Chlorophyll makes it green [{number}]. " for _ in range(9)))]
    shown: list[str] = []

    def emit(part: Message) -> None:
        if isinstance(part, AnswerDelta):
            shown.append(part.text)

    orchestrator = site.house.application.orchestrator
    ctx = replace(orchestrator.context(site.house.caller, emit=emit), abandoned=lambda: len(shown) >= 2)
    request = AskQuestion(question="Why is the grass green?", collection_ids=(site.collection_id,))
    answer = orchestrator.ask(request, ctx)
    assert answer.text == "".join(shown)
    assert answer.text.count("green") == 2
    assert answer.notice == "This answer was stopped before its end."
    assert site.house.ask(GetAnswer(answer_id=answer.answer_id)) == answer


def test_a_model_that_breaks_off_leaves_an_answer_with_a_notice(site: Site) -> None:
    _, emitted = site.ask("Why is the grass green?")
    number = marker_of(emitted, "chlorophyll")
    begun = wire.block(0, f"It is green because of chlorophyll [{number}]. And the")[:-1]
    answer, emitted = site.ask("Why is the grass green?", Reply.events(wire.message_start(), *begun, Cut()))
    assert answer.text.startswith(f"It is green because of chlorophyll [{number}].")
    assert "> The grass is green because of chlorophyll." in answer.text
    assert "And the" not in answer.text
    assert "".join(one.text for one in emitted if isinstance(one, AnswerDelta)) == answer.text
    assert (answer.model, answer.grounded) == ("extractive", True)
    assert "broke off" in (answer.notice or "")
    assert site.house.ask(GetAnswer(answer_id=answer.answer_id)) == answer


def test_code_is_quoted_where_no_model_answers(site: Site) -> None:
    answer, _ = site.ask("how to mow a lawn to a height", wire.error(500, "api_error"), style="concise")
    assert answer.style is Style.CONCISE
    assert "`mow` in `lawn.py" in answer.text
    assert "```python\n" in answer.text
    assert answer.citations[0].quote in CODE


def test_a_question_that_nothing_answers_names_what_was_searched(site: Site) -> None:
    asked_before = len(site.server.asked)
    answer, _ = site.ask("Who won the football world cup of 1998 in Paris?")
    assert "`Garden`" in answer.text
    assert (answer.citations, answer.grounded, answer.model) == ((), False, "extractive")
    assert answer.notice
    assert answer.passages
    assert len(site.server.asked) == asked_before


def test_a_follow_up_is_condensed_with_its_conversation(site: Site) -> None:
    first, _ = site.ask("Why is the grass green?", wire.answer("It is green because of chlorophyll."))
    second, _ = site.ask(
        "And how fast does it grow?",
        wire.answer("How fast does grass grow in spring?"),
        wire.answer("Grass grows 3 cm in a wet spring."),
        conversation_id=first.conversation_id,
    )
    assert second.conversation_id == first.conversation_id
    assert second.condensed == "How fast does grass grow in spring?"
    assert second.question == "And how fast does it grow?"
    assert second.grounded
    sent = site.server.asked[-1].body["messages"]
    assert [turn["content"] for turn in sent[:2]] == [
        "Why is the grass green?",
        "It is green because of chlorophyll.",
    ]
    listed = site.house.ask(ListAnswers(conversation_id=first.conversation_id))
    assert [one.answer_id for one in listed.items] == [second.answer_id, first.answer_id]


def test_without_the_model_a_follow_up_carries_terms(site: Site) -> None:
    first, _ = site.ask("Why is the grass green?", wire.answer("It is green because of chlorophyll."))
    second, _ = site.ask("And how fast does it grow?", conversation_id=first.conversation_id)
    assert second.condensed == "And how fast does it grow? (grass green)"
    assert "3 cm" in second.text


def test_nobody_goes_on_with_the_conversation_of_another(site: Site) -> None:
    first, _ = site.ask("Why is the grass green?", wire.answer("It is green because of chlorophyll."))
    stranger = Caller(user_id="somebody-else", username="else", roles=frozenset({"reader"}))
    for conversation_id in (first.conversation_id, "unknown"):
        with pytest.raises(AppError) as caught:
            site.ask("Why?", caller=stranger, conversation_id=conversation_id, collection_ids=None)
        assert caught.value.code == "not_found"


def test_nobody_reads_the_answer_of_another(site: Site) -> None:
    answer, _ = site.ask("Why is the grass green?", wire.answer("It is green because of chlorophyll."))
    stranger = Caller(user_id="somebody-else", username="else", roles=frozenset({"reader"}))
    with pytest.raises(AppError):
        site.house.ask(GetAnswer(answer_id=answer.answer_id), stranger)
    assert site.house.ask(ListAnswers(), stranger).items == ()


def test_each_stage_is_timed(site: Site) -> None:
    answer, _ = site.ask("Why is the grass green?", wire.answer("It is green because of chlorophyll."))
    assert set(answer.took_ms) == {"condense", "retrieve", "compose", "total"}
    assert answer.took_ms["total"] >= answer.took_ms["compose"] > 0


def test_what_is_counted_over_answers_is_kept_beside_each(site: Site) -> None:
    _, emitted = site.ask("Why is the grass green?")
    number = marker_of(emitted, "chlorophyll")
    half = wire.answer(
        f"It is green because of chlorophyll [{number}]. Cows prefer purple submarines anyway."
    )
    written, _ = site.ask("Why is the grass green?", half)
    unsure, _ = site.ask("Why is the grass green?", wire.answer("The passages do not say why."))
    quoted, _ = site.ask("Why is the grass green?", wire.error(500, "api_error"))
    refused, _ = site.ask("What does the senate of Atlantis charge for submarine parking?")
    with site.house.application.database.read() as work:
        kept = {one.answer_id: work.answers.get(one.answer_id) for one in (written, unsure, quoted, refused)}
    record = kept[written.answer_id]
    assert (record.refused, record.claims, record.unsupported) == (False, 2, 1)
    assert record.output_tokens == written.usage.output_tokens
    assert record.took_ms == written.took_ms
    assert [kept[one.answer_id].refused for one in (unsure, quoted, refused)] == [True, False, True]

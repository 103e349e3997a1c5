"""The Messages API as its documentation describes it on the wire, scripted for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .scripted_server import Asked, Reply, Step


def event(name: str, **data: Any) -> bytes:
    """One server-sent event; its data repeats the name as ``type``."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n".encode()


def message_start(model: str = "claude-sonnet-5-5", **usage: int) -> bytes:
    message: dict[str, Any] = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "output_tokens": 1, **usage},
    }
    return event("message_start", message=message)


def text_delta(text: str, index: int = 0) -> bytes:
    return event("content_block_delta", index=index, delta={"type": "text_delta", "text": text})


def citation_delta(search_result: int, cited_text: str, index: int = 0) -> bytes:
    citation = {
        "type": "search_result_location",
        "cited_text": cited_text,
        "source": "a source",
        "title": "a title",
        "search_result_index": search_result,
        "start_block_index": 0,
        "end_block_index": 1,
    }
    return event("content_block_delta", index=index, delta={"type": "citations_delta", "citation": citation})


def block(
    index: int, *texts: str, cites: Sequence[tuple[int, str]] = (), cites_first: bool = False
) -> list[bytes]:
    """A whole text block: its start, deltas, citations (search result index, cited text) and stop."""
    citations = [citation_delta(number, quote, index) for number, quote in cites]
    deltas = [text_delta(text, index) for text in texts]
    start = event("content_block_start", index=index, content_block={"type": "text", "text": ""})
    inside = [*citations, *deltas] if cites_first else [*deltas, *citations]
    return [start, *inside, event("content_block_stop", index=index)]


def ending(stop_reason: str = "end_turn", output_tokens: int = 15) -> list[bytes]:
    return [
        event(
            "message_delta",
            delta={"stop_reason": stop_reason, "stop_sequence": None},
            usage={"output_tokens": output_tokens},
        ),
        event("message_stop"),
    ]


def answer(*texts: str, stop_reason: str = "end_turn") -> Reply:
    """A complete answer of one text block, one delta for each of ``texts``, with a ping in between."""
    return Reply.events(message_start(), event("ping"), *block(0, *texts), *ending(stop_reason))


def blocks_answer(*blocks: list[bytes]) -> Reply:
    """A complete answer of several blocks, as the API sends it where it cites."""
    inside: list[Step] = [part for parts in blocks for part in parts]
    return Reply.events(message_start(), *inside, *ending())


def error(status: int, kind: str, message: str = "told so", *, outer: bool = True, **headers: str) -> Reply:
    """An error response; ``outer`` False leaves out the enclosing ``type: error``, as some servers do."""
    inner = {"error": {"type": kind, "message": message}}
    return Reply.json(
        status, {"type": "error", **inner, "request_id": "req_1"} if outer else inner, **headers
    )


def error_event(kind: str, message: str = "told so", *, outer: bool = True) -> bytes:
    inner = {"error": {"type": kind, "message": message}}
    data = json.dumps({"type": "error", **inner} if outer else inner)
    return f"event: error\ndata: {data}\n\n".encode()


def search_results(asked: Asked) -> list[str]:
    """The texts of the ``search_result`` blocks of a request, in order."""
    content = asked.body["messages"][-1]["content"]
    return [
        "".join(part["text"] for part in item["content"])
        for item in content
        if isinstance(content, list) and item["type"] == "search_result"
    ]

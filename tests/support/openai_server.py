"""Chat completions as OpenAI and servers compatible with it stream them, scripted for tests."""

from __future__ import annotations

import json
from typing import Any

from .scripted_server import Asked, Reply

DONE = b"data: [DONE]\n\n"


def data(body: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def chunk(text: str | None = None, *, finish: str | None = None, **delta: Any) -> bytes:
    """One chunk of the first choice."""
    content = {} if text is None else {"content": text}
    choice = {"index": 0, "delta": {**content, **delta}, "finish_reason": finish, "logprobs": None}
    return data(_envelope(choices=[choice]))


def usage(prompt_tokens: int = 40, completion_tokens: int = 7, cached_tokens: int = 0) -> bytes:
    """The last chunk, which holds no choice, where ``include_usage`` was asked for."""
    counted = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {"cached_tokens": cached_tokens},
    }
    return data(_envelope(choices=[], usage=counted))


def answer(*texts: str, finish: str = "stop", with_usage: bool = True) -> Reply:
    """A complete answer, one chunk for each of ``texts``."""
    steps = [chunk(role="assistant", text=""), *(chunk(text) for text in texts), chunk(finish=finish)]
    return Reply.events(*steps, *([usage()] if with_usage else []), DONE)


def error(status: int, kind: str, message: str = "told so", *, code: Any = None, **headers: str) -> Reply:
    return Reply.json(status, {"error": {"message": message, "type": kind, "code": code}}, **headers)


def error_data(kind: str, message: str = "told so", code: Any = None) -> bytes:
    """An error inside a stream that began well."""
    return data({"error": {"message": message, "type": kind, "code": code}})


def user_text(asked: Asked) -> str:
    """What the last user message of a request says."""
    return str(asked.body["messages"][-1]["content"])


def _envelope(**fields: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "local",
        **fields,
    }

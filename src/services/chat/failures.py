"""Every way in which a call of a language model fails, as a ModelError that an administrator understands."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping

from src.core.errors import ModelError

RETRYABLE = frozenset(
    {"model_rate_limited", "model_overloaded", "model_server_error", "model_unreachable", "model_timeout"}
)
"""Another attempt may succeed soon."""

COUNTED = RETRYABLE | {"model_stream_cut", "model_bad_response"}
"""Failures of the server, as opposed to one question's; these open the circuit breaker."""

_BY_TYPE = {
    "overloaded_error": "model_overloaded",
    "rate_limit_error": "model_rate_limited",
    "rate_limit_exceeded": "model_rate_limited",
    "insufficient_quota": "model_spend_limit",
    "enforced_spend_limit_reached": "model_spend_limit",
    "contract_spend_limit_reached": "model_spend_limit",
    "linked_organization_spend_limit_reached": "model_spend_limit",
    "billing_error": "model_spend_limit",
    "authentication_error": "model_auth",
    "permission_error": "model_auth",
    "not_found_error": "model_not_found",
    "invalid_request_error": "model_bad_request",
    "exceed_context_size_error": "model_bad_request",
    "context_length_exceeded": "model_bad_request",
    "timeout_error": "model_timeout",
    "unavailable_error": "model_overloaded",
    "api_error": "model_server_error",
    "server_error": "model_server_error",
}

_BY_STATUS = {
    401: "model_auth",
    402: "model_spend_limit",
    403: "model_auth",
    404: "model_not_found",
    408: "model_timeout",
    409: "model_server_error",
    429: "model_rate_limited",
    503: "model_overloaded",
    504: "model_timeout",
    529: "model_overloaded",
}

_SENTENCES = {
    "model_timeout": "{server} did not answer in time; try again, or raise llm_timeout_s for a slow server.",
    "model_overloaded": "{server} is overloaded or still loading its model; try again in a moment.",
    "model_rate_limited": "{server} limits how often it may be asked; try again later or raise the limit "
    "with the provider.",
    "model_spend_limit": "{server} refuses because a spending limit or quota is used up; raise it with the "
    "provider.",
    "model_auth": "{server} refused the API key; check the key in the settings and what it may use.",
    "model_not_found": "{server} does not know the model or the address; check the model's name and the "
    "base URL in the settings.",
    "model_bad_request": "{server} refused the request.",
    "model_server_error": "{server} failed on its side; try again later.",
    "model_unreachable": "{server} cannot be reached; check the base URL and the network.",
    "model_stream_cut": "{server} broke off in the middle of the answer.",
    "model_bad_response": "{server} sent something that is not its protocol; check that the base URL leads "
    "to the API itself.",
    "model_refused": "{server} declined to answer this question.",
    "model_empty": "{server} ended without an answer; a larger llm_max_tokens may help.",
}

_QUOTED = frozenset({"model_bad_request", "model_not_found", "model_server_error"})
_QUOTE_LIMIT = 200
_SHORTEST_KEY = 5


class ChatError(ModelError):
    """A ModelError with its own ``code``. ``retry_after_s`` is what the server asked for, in seconds."""

    def __init__(self, code: str, detail: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.retry_after_s = retry_after_s


class Failures:
    """Translates what an SDK raises. ``server`` names the host in sentences; ``secret`` is never quoted."""

    def __init__(self, server: str, secret: str) -> None:
        self._server = server
        self._secret = secret

    def error(self, code: str, said: str | None = None, *, retry_after_s: float | None = None) -> ChatError:
        """The failure ``code`` in a sentence, with what the server said where that helps."""
        detail = _SENTENCES[code].format(server=self._server)
        if said and code in _QUOTED:
            quoted = "".join(filter(str.isprintable, " ".join(said.split())))
            if len(self._secret) > _SHORTEST_KEY:
                quoted = quoted.replace(self._secret, "…")
            detail += f" It said: {quoted[:_QUOTE_LIMIT]}"
        return ChatError(code, detail, retry_after_s=retry_after_s)

    def of_body(
        self, body: object, *, status: int = 0, headers: Mapping[str, str] | None = None
    ) -> ChatError:
        """From an error body, with or without the outer ``{"type": "error", "error": ...}``."""
        inner = body.get("error", body) if isinstance(body, Mapping) else body
        kinds: list[object] = []
        said = inner if isinstance(inner, str) else None
        if isinstance(inner, Mapping):
            details = inner.get("details")
            nested = details.get("error_code") if isinstance(details, Mapping) else None
            kinds = [nested, inner.get("code"), inner.get("type")]
            said = str(inner.get("message") or "")
        if status < 400:
            status = next((kind for kind in kinds if isinstance(kind, int)), status)
        named = next((_BY_TYPE[kind] for kind in kinds if isinstance(kind, str) and kind in _BY_TYPE), None)
        code = named or _code_of_status(status)
        return self.error(code, said, retry_after_s=_retry_after(headers or {}))

    def of(self, error: Exception, *, started: bool) -> ChatError:
        """From what an SDK or its HTTP client raised; ``started`` says whether the stream had begun."""
        import httpx2

        response = getattr(error, "response", None)
        if isinstance(response, httpx2.Response):
            body = getattr(error, "body", None)
            return self.of_body(body, status=response.status_code, headers=response.headers)
        if isinstance(error, httpx2.TimeoutException) or type(error).__name__ == "APITimeoutError":
            return self.error("model_timeout")
        if isinstance(error, httpx2.HTTPError) or type(error).__name__ == "APIConnectionError":
            return self.error("model_stream_cut" if started else "model_unreachable")
        if getattr(error, "body", None) is not None:  # an error event in OpenAI's stream
            return self.of_body(getattr(error, "body", None))
        return self.error("model_bad_response")


def _code_of_status(status: int) -> str:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 300 <= status < 400:
        return "model_bad_response"
    return "model_bad_request" if 400 <= status < 500 else "model_server_error"


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as the server asks: ``retry-after-ms``, or ``retry-after`` as seconds or as a date."""
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        if "retry-after" not in headers:
            return None
        return max(0.0, float(headers["retry-after"]))
    except ValueError:
        parsed = email.utils.parsedate_tz(headers.get("retry-after", ""))
    try:
        return max(0.0, email.utils.mktime_tz(parsed) - time.time()) if parsed else None
    except (ValueError, OverflowError):
        return None

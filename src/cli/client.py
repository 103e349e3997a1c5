"""A small client of the REST API, over the standard library so that a command starts quickly."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

from src.core.errors import AppError, ConfigurationError, FieldProblem

from .exits import UnreachableError
from .multipart import FilePart, Multipart

_TIMEOUT_S = 330.0
_PREFIX = "/api/v1"


class ApiError(AppError):
    """A problem that the server answered with."""

    def __init__(self, problem: dict[str, Any], status: int) -> None:
        fields = tuple(FieldProblem(bad["field"], bad["detail"]) for bad in problem.get("errors", ()))
        super().__init__(str(problem.get("detail") or f"The server answered {status}."), fields=fields)
        self.code = str(problem.get("code", "unknown"))
        self.status = status


class Client:
    """Calls one server as one user. Raises ApiError for a problem, UnreachableError without an answer,
    and ConfigurationError for a token that cannot be one."""

    def __init__(self, url: str, token: str) -> None:
        if not _is_server(url):
            raise UnreachableError(f"{url!r} is not the URL of a server; it begins with http:// or https://.")
        if not (token.isascii() and token.isprintable()):
            raise ConfigurationError("The token holds characters that no token has; look at STOA_TOKEN.")
        self._url = urlsplit(url)
        self._token = token

    @property
    def url(self) -> str:
        return self._url.geturl()

    def get(self, path: str, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        return self._call("GET", f"{path}?{urlencode(given)}" if given else path)

    def post(self, path: str, body: Any = None) -> Any:
        return self._call("POST", path, body)

    def post_lines(self, path: str, lines: bytes) -> Any:
        """Send lines of JSON (NDJSON)."""
        with self._answer("POST", path, lines, {"Content-Type": "application/x-ndjson"}) as response:
            return json.loads(response.read())

    def put(self, path: str, body: Any) -> Any:
        return self._call("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def items(self, path: str, **query: Any) -> Iterator[Any]:
        """Every item of a list, over all its pages."""
        cursor = None
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def upload(self, path: str, files: Iterable[FilePart]) -> Any:
        """Send files as one multipart request, read while they are sent."""
        form = Multipart(tuple(files))
        headers = {"Content-Type": form.content_type, "Content-Length": str(form.length)}
        with self._answer("POST", path, form.chunks(), headers) as response:
            return json.loads(response.read())

    def events(self, method: str, path: str, body: Any = None) -> Iterator[tuple[str, Any]]:
        """The server-sent events of a stream, their data read as JSON."""
        content, headers = _encoded(body)
        with self._answer(method, path, content, {**headers, "Accept": "text/event-stream"}) as response:
            name = "message"
            data: list[str] = []
            while line := response.readline():
                text = line.decode("utf-8").rstrip("\n")
                if not text:
                    if data:
                        yield name, json.loads("\n".join(data))
                    name, data = "message", []
                elif text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    data.append(text[6:])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        content, headers = _encoded(body)
        with self._answer(method, path, content, headers) as response:
            received = response.read()
            return json.loads(received) if received else None

    @contextmanager
    def _answer(
        self, method: str, path: str, content: Any, headers: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=_TIMEOUT_S)
        target = self._url.path.rstrip("/") + _PREFIX + path
        try:
            connection.request(method, target, content, {**headers, "Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            if response.status >= 400:
                raise ApiError(_problem(response.read()), response.status)
            yield response
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(
                f"The server {self.url} does not answer: {error or type(error).__name__}."
            ) from error
        finally:
            connection.close()


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, a broken IPv6 address
        return False


def _encoded(body: Any) -> tuple[bytes | None, dict[str, str]]:
    if body is None:
        return None, {}
    return json.dumps(body).encode(), {"Content-Type": "application/json"}


def _problem(received: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(received)
    except ValueError:
        return {}
    return problem if isinstance(problem, dict) else {}

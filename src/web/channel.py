"""A connection of the server: refusals before the application is reached, and clients that stall."""

from __future__ import annotations

import re
from collections.abc import Iterable

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from src.core.context import new_correlation

from .headers import ALWAYS
from .problems import HTTP_CODES, MEDIA_TYPE, Problem, http_code, type_of

STALLED_S = 30.0


class RefusalTask(ErrorTask):  # type: ignore[misc]  # waitress is untyped
    """Answers what is not proper HTTP, or far too large, with a problem document."""

    def execute(self) -> None:
        error = self.request.error
        code = http_code(error.code)
        plain = re.sub(r"[^\x20-\x7e]", "?", str(error.body))[:200]
        problem = Problem(
            type=type_of(code),
            title=error.reason,
            status=error.code,
            detail=plain if error.code == 400 else HTTP_CODES[error.code][1],
            code=code,
            request_id=new_correlation(),
        )
        body = problem.model_dump_json().encode()
        self.status = f"{error.code} {error.reason}"
        self.response_headers.extend([("Content-Type", MEDIA_TYPE), *ALWAYS.items()])
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress is untyped
    """A connection."""

    error_task_class = RefusalTask


def close_stalled(
    channels: Iterable[Channel], suspects: dict[Channel, float], now: float
) -> dict[Channel, float]:
    """Close the connections whose client has taken nothing of what waits for it for ``STALLED_S``, which
    frees the threads that wait to send it more.

    A connection must be found so twice, for at the moment of a first write after long work it looks
    stalled too; the result is what to pass as ``suspects`` the next time.
    """
    stalled = {
        channel: channel.last_activity
        for channel in channels
        if channel.total_outbufs_len and channel.last_activity < now - STALLED_S
    }
    for channel, last_activity in stalled.items():
        if suspects.get(channel) == last_activity:
            channel.handle_close()
    return stalled

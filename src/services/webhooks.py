"""Telling a receiver over HTTP, signed, within a time, and without following it anywhere."""

from __future__ import annotations

import hmac
import http.client
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from urllib.parse import unquote, urlsplit

from src import __version__
from src.core.errors import WebhookError


class HttpReceiver:
    """A receiver at an HTTP or HTTPS address. Only its host is ever told: the rest may hold a secret.

    With a ``secret`` each request carries ``Stoa-Signature: t=SECONDS,v1=HEX``, where HEX is the HMAC-SHA-256
    of ``SECONDS.BODY`` under the secret. ``timeout_s`` bounds the whole exchange, also with a receiver that
    answers a byte at a time. Redirects are not followed, proxies of the environment not used.
    """

    def __init__(
        self, address: str, secret: str | None, *, timeout_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        parts = urlsplit(address)
        self._https = parts.scheme == "https"
        self._host, self._port = parts.hostname or "", parts.port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._credentials = (
            f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
        )
        self._secret = secret
        self._timeout_s = timeout_s
        self._clock = clock
        self.key = sha256(address.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The host, which is no secret."""
        return self._host

    def tell(self, body: bytes, *, topic: str, delivery_id: str) -> None:
        """Send once; raises WebhookError where the answer is not a success."""
        connection = self._connection()
        cut = threading.Timer(self._timeout_s, _cut, (connection,))
        cut.daemon = True
        try:
            cut.start()
            connection.request("POST", self._target, body, self._headers(body, topic, delivery_id))
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise WebhookError(f"{self._host} could not be told: {type(error).__name__}.") from None
        finally:
            cut.cancel()
            connection.close()
        if 300 <= status < 400:
            raise WebhookError(f"{self._host} answered {status}: redirects are not followed.")
        if not 200 <= status < 300:
            raise WebhookError(f"{self._host} answered {status}.")

    def _connection(self) -> http.client.HTTPConnection:
        if not self._https:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=context)

    def _headers(self, body: bytes, topic: str, delivery_id: str) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"Stoa/{__version__}",
            "Stoa-Event": topic,
            "Stoa-Delivery": delivery_id,
            "Connection": "close",
        }
        if self._credentials is not None:
            headers["Authorization"] = f"Basic {b64encode(self._credentials.encode()).decode('ascii')}"
        if self._secret is not None:
            headers["Stoa-Signature"] = signature(self._secret, int(self._clock()), body)
        return headers


def signature(secret: str, seconds: int, body: bytes) -> str:
    """What a receiver computes and compares; old ``seconds`` tell it of a replay."""
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _cut(connection: http.client.HTTPConnection) -> None:
    """End the exchange from another thread; closing alone would not wake the one that reads."""
    if connection.sock is not None:
        with suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)

"""The address and the key of a model server, checked before the first call."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from src.core.errors import ConfigurationError


@dataclass(frozen=True)
class Endpoint:
    """Where a provider is reached. ``host`` names it in sentences; ``official`` is the provider's own."""

    url: str
    host: str
    official: bool
    key: str = field(repr=False)

    @classmethod
    def of(cls, url: str | None, key: str | None, *, default: str) -> Endpoint:
        """``url``, or ``default`` where none is given. A server without keys is sent `none`.

        Raises ConfigurationError for what can never work.
        """
        try:
            parts = urlsplit(url or default)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.scheme not in {"http", "https"}:
            raise ConfigurationError(
                f"the base URL of the language model, {url!r}, is not an address that begins with "
                "http:// or https://"
            )
        sent = (key or "").strip() or "none"
        if not (sent.isascii() and sent.isprintable()):
            raise ConfigurationError(
                "the API key of the language model holds characters that no key has; copy it again"
            )
        return cls(url or default, host, host == urlsplit(default).hostname, sent)

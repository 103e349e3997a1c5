"""Where a git repository is: a path or a URL taken apart, the secret kept away from the address."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urlsplit

from src.core.errors import SourceError

from .paths import holds_control

_SCP_LIKE = re.compile(r"(?P<user>\w[\w.-]*)@(?P<host>\w[\w.-]*):(?P<path>[^-:\\\s]\S*)", re.ASCII)
_HOST = re.compile(r"\w[\w.-]*|[0-9a-f:.]+", re.ASCII)
_WITH_CREDENTIAL = frozenset({"http", "https"})
_SCHEMES = _WITH_CREDENTIAL | {"ssh", "git"}
_TOKEN_USER = "x-access-token"  # noqa: S105 - the name that goes with a bare token


@dataclass(frozen=True)
class Credential:
    """A user name and a password or token for HTTP."""

    user: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Credential:
        """``user:password``, or a token alone."""
        if holds_control(text):
            raise SourceError("bad_credential", "The credential holds a line end or a control character.")
        user, colon, password = text.partition(":")
        return cls(user, password) if colon else cls(_TOKEN_USER, text)

    @property
    def text(self) -> str:
        return f"{self.user}:{self.password}"

    def scrub(self, text: str) -> str:
        """``text`` without the secret in any form that git or a server might echo."""
        secret = self.password or self.user
        basic = base64.b64encode(self.text.encode()).decode()
        for form in sorted({secret, quote(secret), quote(secret, safe=""), basic}, key=len, reverse=True):
            if form:
                text = text.replace(form, "***")
        return text


@dataclass(frozen=True)
class Location:
    """The address of a repository without any secret. ``origin`` is ``scheme://host[:port]`` for HTTP.

    ``scheme`` is ``file`` for a path on this machine; ``url`` is then the path as it was given.
    """

    url: str
    scheme: str
    origin: str | None = None
    credential: Credential | None = None


def parse_location(text: str, credential: str | None) -> Location:
    """Take apart what a person typed. Raises SourceError where it is not an address that Stoa fetches.

    A user name or password in an HTTP URL becomes the credential; one given apart goes before it.
    """
    text = text.strip()
    if not text or text.startswith("-") or len(text) > 2000:
        raise _bad("Give the URL of a repository, or the absolute path of one on the server.")
    if holds_control(text):
        raise _bad("The location holds a control character.")
    if text.startswith("/"):
        return _without_credential(Location(text, "file"), credential)
    if "://" not in text:
        if _SCP_LIKE.fullmatch(text):
            return _without_credential(Location(text, "ssh"), credential)
        raise _bad("Give a URL (https, http, ssh, git), user@host:path, or an absolute path on the server.")
    return _parse_url(text, credential)


def _parse_url(text: str, given: str | None) -> Location:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _bad("The URL's host or port cannot be read.") from error
    scheme = parts.scheme.lower()
    if scheme == "file":
        if host not in {"", "localhost"} or not parts.path.startswith("/"):
            raise _bad("A file URL names an absolute path on this server: file:///path/of/repository.")
        return _without_credential(Location(unquote(parts.path), "file"), given)
    if scheme not in _SCHEMES:
        raise _bad("Repositories are fetched by https, http, ssh or git, or from a path on the server.")
    if parts.query or parts.fragment:
        raise _bad("Leave out what follows '?' or '#' in the URL; a token is given apart.")
    if not _HOST.fullmatch(host) or not parts.path.strip("/"):
        raise _bad("The URL needs a host and the path of the repository.")
    if holds_control(unquote(parts.path)):
        raise _bad("The URL's path holds a control character.")
    shown = f"[{host}]" if ":" in host else host
    authority = f"{shown}:{port}" if port else shown
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if scheme in _WITH_CREDENTIAL:
        origin = f"{scheme}://{authority}"
        found = _choose(user, password, given)
        return Location(f"{origin}{parts.path}", scheme, origin, found)
    if password or (user and (scheme == "git" or not re.fullmatch(r"\w[\w.-]*", user, re.ASCII))):
        raise _no_credential()
    if user:
        authority = f"{user}@{authority}"
    return _without_credential(Location(f"{scheme}://{authority}{parts.path}", scheme), given)


def _choose(user: str, password: str, given: str | None) -> Credential | None:
    if given:
        chosen = Credential.parse(given)
        return Credential(user, given) if user and ":" not in given else chosen
    if user or password:
        return Credential.parse(f"{user}:{password}")
    return None


def _without_credential(location: Location, given: str | None) -> Location:
    if given:
        raise _no_credential()
    return location


def _bad(detail: str) -> SourceError:
    return SourceError("bad_location", detail)


def _no_credential() -> SourceError:
    return SourceError(
        "bad_credential",
        "A token or password goes with https or http only. For ssh, put a key that may read the repository "
        "into the account that runs Stoa.",
    )

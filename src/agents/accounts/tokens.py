"""Bearer tokens: signed JWTs (RFC 7519, HS256) and personal tokens of which only a digest is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

import jwt

from src.core.clock import Clock
from src.core.errors import UnauthenticatedError

PERSONAL_PREFIX = "stoa_"
_AUDIENCE = "stoa-api"


class JwtSigner:
    """Makes and reads JWTs with the key of the data folder."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._key = key
        self._clock = clock

    def sign(self, user_id: str, lifetime_s: int) -> str:
        now = self._clock.now()
        claims = {
            "sub": user_id,
            "aud": _AUDIENCE,
            "iat": now.timestamp(),  # with its fraction: a password changed within the same second ends it
            "exp": now + timedelta(seconds=lifetime_s),
        }
        return jwt.encode(claims, self._key, algorithm="HS256")

    def user_of(self, token: str) -> tuple[str, float]:
        """The user's id and the time of issue; raises UnauthenticatedError for any other token."""
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=_AUDIENCE,
                options={"require": ["exp", "iat", "sub"]},
            )
        except jwt.ExpiredSignatureError:
            raise UnauthenticatedError("The token has expired; ask for a new one.") from None
        except (jwt.InvalidTokenError, ValueError):
            raise UnauthenticatedError("The token is not valid.") from None
        return str(claims["sub"]), float(claims["iat"])


def new_personal_token() -> str:
    """The text of a new personal token, with 256 bits of chance."""
    return PERSONAL_PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a personal token; a plain hash is enough for a text that cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()

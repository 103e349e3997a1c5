"""A bearer token for who may read the data folder's key: the user of this machine."""

from __future__ import annotations

import time
from pathlib import Path

import jwt

from src.services.secrets import load_or_create_secret

_LIFETIME_S = 3600


def local_token(folder: Path, user_id: str) -> str:
    """A short-lived JWT as the accounts agent signs them; made here so that a command that talks to a
    running server need not load the agents."""
    now = time.time()  # with its fraction: an account is used in the same second that makes it
    claims = {"sub": user_id, "aud": "stoa-api", "iat": now, "exp": int(now) + _LIFETIME_S}
    return jwt.encode(claims, load_or_create_secret(folder / "secret.key"), algorithm="HS256")

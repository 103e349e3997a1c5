"""Password hashes (argon2id, RFC 9106)."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Passwords:
    """Hashes and checks passwords. The default cost is argon2-cffi's (3 passes, 64 MiB, 4 lanes)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody = self._hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        return self._hasher.hash(_encodable(password))

    def matches(self, password: str, stored: str | None) -> bool:
        """Check a password. Without a stored hash one is checked all the same, so that the time taken
        does not tell whether the user exists."""
        try:
            self._hasher.verify(stored or self._nobody, _encodable(password))
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost and should be made anew."""
        return self._hasher.check_needs_rehash(stored)


def _encodable(password: str) -> str:
    return password.encode("utf-8", "surrogatepass").decode("utf-8", "replace")

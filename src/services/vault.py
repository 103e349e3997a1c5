"""Encrypts small secrets with a key derived from the data folder's secret key."""

from __future__ import annotations

import base64

from src.core.errors import SourceError

_PURPOSE = b"stoa/vault/v1: credentials of sources"


class FileVault:
    """Fernet (AES-128-CBC with HMAC-SHA256) under a key that HKDF-SHA256 derives from ``key``.

    The purpose in the derivation keeps this key apart from what else is made of the same secret.
    """

    def __init__(self, key: bytes) -> None:
        from cryptography.fernet import Fernet
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        if len(key) < 32:
            raise ValueError("the vault's key needs 32 bytes at least")
        derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(key)
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))

    def seal(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """Raises SourceError ``credential_unreadable`` where it was sealed with another key, or changed."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SourceError(
                "credential_unreadable",
                "The stored credential cannot be opened: the data folder's secret key is another one now. "
                "Enter the credential again.",
            ) from None

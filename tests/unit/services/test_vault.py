from __future__ import annotations

import pytest

from src.core.errors import SourceError
from src.services.vault import FileVault

KEY = bytes(range(32))


@pytest.mark.parametrize("secret", ["", "token", "user:pässwörd 日本 \U0001f511"])
def test_a_sealed_secret_opens_again(secret: str) -> None:
    sealed = FileVault(KEY).seal(secret)
    assert FileVault(KEY).open(sealed) == secret


def test_a_sealed_secret_shows_nothing_and_never_looks_the_same() -> None:
    vault = FileVault(KEY)
    first, second = vault.seal("token"), vault.seal("token")
    assert "token" not in first
    assert first != second


@pytest.mark.parametrize(
    "damage", [lambda text: text[:-2], lambda text: "A" + text[1:], lambda text: "", lambda _: "日"]
)
def test_a_changed_seal_is_refused(damage: object) -> None:
    vault = FileVault(KEY)
    assert callable(damage)
    with pytest.raises(SourceError) as refusal:
        vault.open(damage(vault.seal("token")))
    assert refusal.value.code == "credential_unreadable"


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SourceError):
        FileVault(bytes(32)).open(FileVault(KEY).seal("token"))


def test_a_short_key_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        FileVault(b"short")

"""Checking passwords of users, with a pause for whoever guesses."""

from __future__ import annotations

from datetime import datetime

from src.core.context import Context
from src.core.errors import TooManyRequestsError
from src.database.models import SignInFailureRecord, UserRecord
from src.database.repositories.accounts import name_key
from src.database.uow import Database

from .passwords import Passwords

FREE_FAILURES = 5
PAUSE_S = 30.0
FORGET_S = 900.0


class GuardedPasswords:
    """Checks a user's password. From the sixth failure on, each costs a pause of half a minute."""

    def __init__(self, database: Database, passwords: Passwords) -> None:
        self._database = database
        self._passwords = passwords

    def check(self, username: str, password: str, ctx: Context) -> UserRecord | None:
        """The enabled user whose password it is; None where name or password are wrong.

        Raises TooManyRequestsError while the name is paused.
        """
        key, now = name_key(username)[:200], ctx.clock.now()
        with self._database.read() as work:
            failures = work.sign_in_failures.find(key)
            record = work.users.by_name(username)
        _refuse_while_paused(failures, now)
        matches = self._passwords.matches(password, record.password_hash if record else None)
        if record is None or not matches or record.disabled_at is not None:
            self._note_failure(key, now)
            return None
        if failures is not None or self._passwords.outdated(record.password_hash):
            fresh = self._passwords.hash(password)
            with self._database.begin(ctx) as writing:
                known = writing.sign_in_failures.find(key)
                if known is not None:
                    writing.sign_in_failures.delete(known)
                writing.users.get(record.id).password_hash = fresh
                writing.commit()
        return record

    def _note_failure(self, key: str, now: datetime) -> None:
        with self._database.begin(relaxed=True) as work:
            record = work.sign_in_failures.open(key, now)
            if (now - record.last_at).total_seconds() > FORGET_S:
                record.count = 0
            record.count += 1
            record.last_at = now
            work.commit()


def _refuse_while_paused(failures: SignInFailureRecord | None, now: datetime) -> None:
    if failures is None or failures.count < FREE_FAILURES:
        return
    left = PAUSE_S - (now - failures.last_at).total_seconds()
    if left > 0:
        raise TooManyRequestsError(
            f"Too many failed attempts for this name; try again in {left:.0f} seconds.", retry_after_s=left
        )

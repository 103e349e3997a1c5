"""What one transaction reads and writes with."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy import Connection
from sqlalchemy.orm import Session
from sqlalchemy.orm.session import JoinTransactionMode

from . import repositories as r


class Work:
    """The repositories of one transaction. The session is made when it is first used: what writes by
    ``connection`` alone does not pay for it.

    ``joins`` says what the session may do to the transaction of its connection: end it, or only undo it.
    """

    def __init__(
        self, connection: Connection, *, autoflush: bool = True, joins: JoinTransactionMode = "control_fully"
    ) -> None:
        self.connection = connection
        self._autoflush = autoflush
        self._joins: JoinTransactionMode = joins

    @cached_property
    def session(self) -> Session:
        return Session(
            self.connection,
            autoflush=self._autoflush,
            expire_on_commit=False,
            join_transaction_mode=self._joins,
        )

    @property
    def opened(self) -> Session | None:
        """The session, where it was used."""
        return self.__dict__.get("session")

    def close(self) -> None:
        """Close the session; what was not committed goes with the connection."""
        if self.opened is not None:
            self.opened.close()

    @cached_property
    def users(self) -> r.Users:
        return r.Users(self.session)

    @cached_property
    def personal_tokens(self) -> r.PersonalTokens:
        return r.PersonalTokens(self.session)

    @cached_property
    def sign_in_failures(self) -> r.SignInFailures:
        return r.SignInFailures(self.session)

    @cached_property
    def collections(self) -> r.Collections:
        return r.Collections(self.session)

    @cached_property
    def indexes(self) -> r.Indexes:
        return r.Indexes(self.session)

    @cached_property
    def embeddings(self) -> r.Embeddings:
        return r.Embeddings(self.session)

    @cached_property
    def documents(self) -> r.Documents:
        return r.Documents(self.session)

    @cached_property
    def cuts(self) -> r.DocumentCuts:
        return r.DocumentCuts(self.session)

    @cached_property
    def passages(self) -> r.Passages:
        return r.Passages(self.session)

    @cached_property
    def vectors(self) -> r.CachedVectors:
        return r.CachedVectors(self.session)

    @cached_property
    def sources(self) -> r.Sources:
        return r.Sources(self.session)

    @cached_property
    def skipped_files(self) -> r.SkippedFiles:
        return r.SkippedFiles(self.session)

    @cached_property
    def jobs(self) -> r.Jobs:
        return r.Jobs(self.session)

    @cached_property
    def searches(self) -> r.Searches:
        return r.Searches(self.session)

    @cached_property
    def searching(self) -> r.Searching:
        return r.Searching(self.connection)

    @cached_property
    def conversations(self) -> r.Conversations:
        return r.Conversations(self.session)

    @cached_property
    def answers(self) -> r.Answers:
        return r.Answers(self.session)

    @cached_property
    def events(self) -> r.Events:
        return r.Events(self.session)

    @cached_property
    def dead_letters(self) -> r.DeadLetters:
        return r.DeadLetters(self.session)

    @cached_property
    def activities(self) -> r.Activities:
        return r.Activities(self.session)

    @cached_property
    def agents(self) -> r.AgentRecords:
        return r.AgentRecords(self.session)

    @cached_property
    def models(self) -> r.Models:
        return r.Models(self.session)

    @cached_property
    def experiments(self) -> r.Experiments:
        return r.Experiments(self.session)

    @cached_property
    def training_runs(self) -> r.TrainingRuns:
        return r.TrainingRuns(self.session)

    @cached_property
    def datasets(self) -> r.Datasets:
        return r.Datasets(self.session)

    @cached_property
    def golden_sets(self) -> r.GoldenSets:
        return r.GoldenSets(self.session)

    @cached_property
    def alerts(self) -> r.Alerts:
        return r.Alerts(self.session)

    @cached_property
    def error_patterns(self) -> r.ErrorPatterns:
        return r.ErrorPatterns(self.session)

    @cached_property
    def facts(self) -> r.Facts:
        return r.Facts(self.session)

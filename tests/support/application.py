"""The real application in a temporary folder: real SQLite, Chroma, lexical index, model and parser."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from argon2 import PasswordHasher
from pydantic import SecretStr

from src.agents.accounts.passwords import Passwords
from src.bootstrap import Application, build
from src.core.caller import Caller
from src.core.context import Context
from src.core.jobs import JobState
from src.core.messages.accounts import SignIn
from src.core.messages.base import Request
from src.core.messages.collections import CreateCollection
from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.jobs import GetJob, Job
from src.core.settings import Settings

from .databases import migrated_sqlite

R = TypeVar("R")

ADMIN_PASSWORD = "correct horse battery"
MODELS = Path(__file__).resolve().parents[2] / ".cache" / "models"
ENDED = {JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}


def make_settings(data_dir: Path, **values: object) -> Settings:
    """Settings for a test: no sample, a database that is migrated already, and the graph of the model kept
    between runs."""
    data_dir.mkdir(parents=True, exist_ok=True)
    MODELS.mkdir(parents=True, exist_ok=True)
    if not (data_dir / "models").exists():
        (data_dir / "models").symlink_to(MODELS, target_is_directory=True)
    if "database_url" not in values and not (data_dir / "stoa.sqlite3").exists():
        migrated_sqlite(data_dir)
    defaults: dict[str, object] = {
        "data_dir": data_dir,
        "port": 0,
        "sample": False,
        "admin_password": SecretStr(ADMIN_PASSWORD),
        "llm": "extractive",
        "embedding_threads": 1,
    }
    return Settings.model_validate(defaults | values)


def cheap_passwords() -> Passwords:
    """Real argon2, at the lowest cost that it takes."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@contextmanager
def running(settings: Settings, *, worker: bool = True) -> Iterator[Application]:
    """A started application, drained and closed at the end."""
    application = build(settings, passwords=cheap_passwords())
    try:
        application.start(worker=worker)
        yield application
    finally:
        application.drain()
        application.close()


class House:
    """An application with a signed-in administrator: the short way to ask and to wait."""

    def __init__(self, application: Application) -> None:
        self.application = application
        orchestrator = application.orchestrator
        user = orchestrator.ask(
            SignIn(username="admin", password=SecretStr(ADMIN_PASSWORD)),
            orchestrator.context(Caller.anonymous()),
        )
        self.caller = Caller(user_id=user.id, username=user.username, roles=frozenset(user.roles))

    def context(self, caller: Caller | None = None) -> Context:
        return self.application.orchestrator.context(caller or self.caller)

    def ask(self, request: Request[R], caller: Caller | None = None) -> R:
        return self.application.orchestrator.ask(request, self.context(caller))

    def collection(self, name: str = "Things") -> str:
        """The id of a new collection."""
        return self.ask(CreateCollection(name=name)).id

    def upload(self, collection_id: str, files: dict[str, bytes | str]) -> Job:
        """Add files and wait for their ingestion."""
        added = self.ask(
            AddDocuments(
                collection_id=collection_id,
                files=tuple(
                    UploadedFile(name=name, content=body.encode() if isinstance(body, str) else body)
                    for name, body in files.items()
                ),
            )
        )
        return self.finished(added.job_id)

    def finished(self, job_id: str, timeout_s: float = 60.0) -> Job:
        """The job when it has come to its end."""
        return wait_for(lambda: self._ended(job_id), timeout_s=timeout_s)

    def _ended(self, job_id: str) -> Job | None:
        job = self.ask(GetJob(job_id=job_id))
        return job if job.state in ENDED else None


V = TypeVar("V")


def wait_for(look: Callable[[], V | None], *, timeout_s: float = 20.0) -> V:
    """What ``look`` finds, as soon as it finds something; AssertionError when the time is up."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {timeout_s} s")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A running application of its own for one test."""
    with running(make_settings(tmp_path / "data")) as application:
        yield House(application)


@pytest.fixture(scope="module")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A running application that the tests of a module share."""
    with running(make_settings(tmp_path_factory.mktemp("house") / "data")) as application:
        yield House(application)

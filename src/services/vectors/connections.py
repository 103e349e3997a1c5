"""The two ways to Chroma: a folder that this process owns, and a server."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit
from uuid import UUID

from src.core.errors import ConfigurationError, UnreachableError
from src.core.shortage import shortage

from .ownership import FolderOwnership

log = logging.getLogger(__name__)


class Connection(Protocol):
    """Gives the client of one Chroma database."""

    def client(self) -> Any:
        """The ``chromadb`` client; raises UnreachableError where there is none to be had."""

    def tidy(self) -> None:
        """Free what a deleted collection leaves behind."""

    def close(self) -> None: ...


class EmbeddedConnection:
    """Chroma inside this process, on a folder that no other process may have open.

    Raises ConfigurationError where the folder is in use, damaged or not writable.
    """

    def __init__(self, folder: Path) -> None:
        import chromadb
        from chromadb.errors import ChromaError

        self._folder = folder
        self._ownership = FolderOwnership(folder)
        try:
            self._client: Any = chromadb.PersistentClient(folder, settings=_settings())
        except BaseException as error:
            self._ownership.release()
            if not isinstance(error, ChromaError | OSError):
                raise
            # Chroma tells of its database's failures in words only.
            cure = "Move that folder away and run 'reindex' to rebuild it."
            if "disk is full" in str(error) or shortage(error):
                cure = "Make room on that disk, then start again."
            raise ConfigurationError(
                f"The vector store in {folder} cannot be opened: {error}. {cure}"
            ) from error
        self.tidy()

    def client(self) -> Any:
        return self._client

    def tidy(self) -> None:
        """Chroma forgets the vector files of a deleted collection: remove those it no longer lists."""
        database = self._folder / "chroma.sqlite3"
        try:
            with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
                listed = {row[0] for row in connection.execute("SELECT id FROM segments")}
        except sqlite3.Error as error:
            log.warning("the files of deleted vector indexes stay where they are: %s", error)
            return
        for entry in self._folder.iterdir():
            if entry.is_dir() and _is_uuid(entry.name) and entry.name not in listed:
                shutil.rmtree(entry, ignore_errors=True)

    def close(self) -> None:
        self._client.close()
        self._ownership.release()


class ServerConnection:
    """A Chroma server by URL (``http://host:8000``), connected to when it is first needed."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
            raise ConfigurationError(f"{url!r} is not the URL of a Chroma server; write http://host:8000")
        self._host = parts.hostname
        self._tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._tls else 8000)
        self._timeout_s = timeout_s
        self._connecting = Lock()
        self._client: Any = None
        self._sessions: list[Any] = []

    def client(self) -> Any:
        if self._client is None:
            with self._connecting:
                if self._client is None:
                    self._client = self._connect()
        return self._client

    def tidy(self) -> None:
        """The server keeps its own house."""

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        for session in self._sessions:
            session.close()

    def _connect(self) -> Any:
        import chromadb
        import httpx

        scheme = "https" if self._tls else "http"
        heartbeat = f"{scheme}://{self._host}:{self._port}/api/v2/heartbeat"
        try:
            httpx.get(heartbeat, timeout=self._timeout_s).raise_for_status()
            client: Any = chromadb.HttpClient(self._host, self._port, ssl=self._tls, settings=_settings())
        except (httpx.HTTPError, ValueError) as error:
            raise UnreachableError(
                f"The Chroma server at {self._host}:{self._port} does not answer ({error}). "
                "Start it, or correct STOA_CHROMA_URL."
            ) from error
        # Chroma's client waits for ever and leaves its connections open; it has no settings for either.
        self._sessions = [part._server._session for part in (client, client._admin_client)]
        for session in self._sessions:
            session.timeout = httpx.Timeout(self._timeout_s)
        return client


def _settings() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _is_uuid(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True

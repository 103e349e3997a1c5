"""Git repositories to read from, made with git itself, and git's own HTTP backend on loopback."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import git

from src.core.ports import SourceSpec


class Repository:
    """A repository with a work tree that tests change and commit."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: Path, *options: str) -> Self:
        path.mkdir(parents=True)
        git.Git(path).init("--quiet", "--initial-branch=main", *options)
        return cls(path)

    def spec(self, **options: Any) -> SourceSpec:
        """The repository as a source, by its path."""
        return SourceSpec("git", str(self.path), **options)

    def git(self, *arguments: str | bytes, stdin: bytes = b"") -> bytes:
        """Run git in the repository; its output without the last line end."""
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, input=stdin, capture_output=True, check=False
        )
        if done.returncode:
            raise AssertionError(f"git {arguments} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout.removesuffix(b"\n")

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files; None deletes one."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Write, add everything and commit; return the commit's id."""
        self.write(files or {})
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--message=change")
        return self.head()

    def commit_entries(self, *entries: tuple[str, str, bytes]) -> str:
        """Commit a tree of raw entries ``(mode, object id, name)``, which no work tree could hold."""
        lines = b"".join(
            f"{mode} {_KINDS.get(mode, 'blob')} {name}\t".encode() + path + b"\0"
            for mode, name, path in entries
        )
        tree = self.git("mktree", "-z", "--missing", stdin=lines).decode()
        made = self.git("commit-tree", "-m", "entries", tree).decode()
        self.git("update-ref", "refs/heads/main", made)
        return made

    def blob(self, content: bytes) -> str:
        return self.git("hash-object", "-w", "--stdin", stdin=content).decode()

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode()


_KINDS = {"160000": "commit", "040000": "tree"}


class GitHttpServer:
    """Serves the repositories below ``root`` to whoever gives the right name and password.

    ``seen`` holds the path and the Authorization header of each request. ``delay_s`` holds answers
    back; ``redirect`` sends every request on to another address; ``cut_after`` ends an answer early.
    """

    def __init__(self, root: Path, user: str, password: str) -> None:
        self.user = user
        self.password = password
        self.seen: list[tuple[str, str | None]] = []
        self.open_to_all = False
        self.delay_s = 0.0
        self.redirect: str | None = None
        self.cut_after: int | None = None
        self._root = root
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def secret(self) -> str:
        return f"{self.user}:{self.password}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _allows(self, authorization: str | None) -> bool:
        expected = "Basic " + base64.b64encode(self.secret.encode()).decode()
        return self.open_to_all or authorization == expected

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.seen.append((self.path, self.headers["Authorization"]))
                time.sleep(server.delay_s)
                if server.redirect:
                    self._plain(301, ("Location", server.redirect + self.path))
                elif not server._allows(self.headers["Authorization"]):
                    self._plain(401, ("WWW-Authenticate", 'Basic realm="test"'))
                else:
                    self._backend()

            do_POST = do_GET  # noqa: N815 - the name that the base class looks for

            def _plain(self, status: int, header: tuple[str, str]) -> None:
                self.send_response(status)
                self.send_header(*header)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _backend(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                done = subprocess.run(
                    ["git", "http-backend"],
                    input=body,
                    capture_output=True,
                    check=False,
                    env={
                        **{k: v for k, v in os.environ.items() if not k.startswith("GIT_")},
                        "GIT_CONFIG_NOSYSTEM": "1",
                        "GIT_CONFIG_GLOBAL": os.devnull,
                        "GIT_PROJECT_ROOT": str(server._root),
                        "GIT_HTTP_EXPORT_ALL": "1",
                        "PATH_INFO": path,
                        "QUERY_STRING": query,
                        "REQUEST_METHOD": self.command,
                        "CONTENT_TYPE": self.headers["Content-Type"] or "",
                        "CONTENT_LENGTH": str(len(body)),
                        "HTTP_CONTENT_ENCODING": self.headers["Content-Encoding"] or "",
                        "GIT_PROTOCOL": self.headers["Git-Protocol"] or "",
                    },
                )
                head, _, content = done.stdout.partition(b"\r\n\r\n")
                headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
                status = next((value for name, value in headers if name == "Status"), "200 OK")
                self.send_response(int(status.split()[0]))
                for name, value in headers:
                    if name != "Status":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: server.cut_after])
                if server.cut_after is not None:
                    self.close_connection = True

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler

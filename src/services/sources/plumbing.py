"""Runs git through GitPython: a fixed environment, no prompts, no hooks, no settings but ours."""

from __future__ import annotations

import logging
import os
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from src.core.errors import SourceError

from .location import Location
from .process import Deadline, OutputLimitError, supervise

if TYPE_CHECKING:
    from git.cmd import Git

log = logging.getLogger(__name__)

_OLDEST = (2, 31)
_MAX_OUTPUT = 512 * 2**20
# fmt: off
_INHERITED = frozenset({
    "PATH", "LD_LIBRARY_PATH", "TMPDIR", "TZ", "USER", "LOGNAME", "SSH_AUTH_SOCK", "GIT_EXEC_PATH",
    "http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH",
})
# fmt: on
_SETTINGS = """\
# Written by Stoa; replaced at every use.
[safe]
    directory = *
[core]
    hooksPath = /dev/null
    fsmonitor = false
    askPass =
[credential]
    helper =
[fetch]
    recurseSubmodules = false
[transfer]
    unpackLimit = 1
[maintenance]
    auto = false
[gc]
    autoDetach = false
[http]
    lowSpeedLimit = 1000
    lowSpeedTime = 60
"""
_SSH = (
    "ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 "
    "-o ClearAllForwardings=yes -o PermitLocalCommand=no -o ControlMaster=no -o ControlPath=none"
)
_HELPER = (
    '!f() { test "$1" != get || '
    'printf "username=%s\\npassword=%s\\n" "$STOA_GIT_USER" "$STOA_GIT_SECRET"; }; f'
)


@dataclass
class GitFailure(Exception):  # noqa: N818 - becomes a SourceError where the cause is known
    """git ended with an error: its exit status and what it wrote, for the code that knows the context."""

    status: int
    stderr: str


class Plumbing:
    """Starts git commands. ``home`` holds the clones and the one settings file that git reads.

    Of the process's environment git gets what ``_INHERITED`` names, so that neither Stoa's secrets nor
    variables such as GIT_DIR reach it. A credential travels in the environment, bound to the host that
    it was given for, and is found neither among process arguments nor in a clone.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._git: Git | None = None

    def run(
        self,
        *args: str,
        timeout_s: float,
        remote: Location | None = None,
        stdin: bytes = b"",
        watch: Callable[[], None] | None = None,
        report: Callable[[str], None] | None = None,
    ) -> bytes:
        """Return what the command wrote. ``remote`` is what it may talk to: without it, to nothing.

        Raises GitFailure, or SourceError ``timeout`` or ``too_large``.
        """
        with tempfile.TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            process = self._start(args, remote, given)
            try:
                status, output, errors = supervise(
                    process, timeout_s=timeout_s, max_output=_MAX_OUTPUT, watch=watch, report=report
                )
            except Deadline:
                raise SourceError(
                    "timeout",
                    f"git did not finish within {timeout_s:g} seconds and was stopped; try again later.",
                ) from None
            except OutputLimitError:
                raise SourceError(
                    "too_large", "git's listing of the repository is too large to read."
                ) from None
        if status != 0:
            raise GitFailure(status, errors.decode("utf-8", "replace"))
        return output

    def converse(self, *args: str) -> Git.AutoInterrupt:
        """Start a local command to talk with over its pipes; it ends when the object is let go."""
        return self._spawn(args, None, subprocess.PIPE)

    def _start(
        self, args: tuple[str, ...], remote: Location | None, stdin: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        handle = self._spawn(args, remote, stdin)
        process = cast("subprocess.Popen[bytes]", handle.proc)
        handle.proc = None  # supervised here from now on
        return process

    def _spawn(
        self, args: tuple[str, ...], remote: Location | None, stdin: int | IO[bytes]
    ) -> Git.AutoInterrupt:
        git = self._prepare()
        environment = self._environment(remote)
        unset = (name for name in os.environ if name not in _INHERITED and name not in environment)
        clean = [part for name in unset for part in ("-u", name)]
        return git.execute(
            ["env", *clean, str(git.GIT_PYTHON_GIT_EXECUTABLE), *args],
            istream=cast(Any, stdin),
            env=environment,
            as_process=True,
            start_new_session=True,
        )

    def _environment(self, remote: Location | None) -> dict[str, str]:
        environment = {
            "LC_ALL": "C",
            "LANGUAGE": "C",
            "HOME": str(self._home),
            "XDG_CONFIG_HOME": str(self._home / ".config"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": _SSH,
            "GIT_SSH_VARIANT": "ssh",
            "GIT_ALLOW_PROTOCOL": "",
        }
        if remote is None:
            return environment
        environment["GIT_ALLOW_PROTOCOL"] = "http:https" if remote.origin else remote.scheme
        if remote.origin and remote.credential:
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"credential.{remote.origin}.helper",
                "GIT_CONFIG_VALUE_0": _HELPER,
                "STOA_GIT_USER": remote.credential.user,
                "STOA_GIT_SECRET": remote.credential.password,
            }
        return environment

    def _prepare(self) -> Git:
        """GitPython's launcher, once the program is known to be there and recent; our settings in place."""
        self._write_settings()
        if self._git is None:
            self._git = self._launcher()
        return self._git

    def _launcher(self) -> Git:
        try:
            from git.cmd import Git
            from git.exc import GitCommandNotFound
        except ImportError as error:  # GitPython looks for the program when it is imported first
            raise _missing() from error
        git = Git(self._home)
        try:
            version = git.version_info
        except GitCommandNotFound as error:
            raise _missing() from error
        if version < _OLDEST:
            raise SourceError("git_missing", "The program 'git' is too old: 2.31 or newer is needed.")
        return git

    def _write_settings(self) -> None:
        settings = self._home / ".gitconfig"
        try:
            if settings.read_text() == _SETTINGS:
                return
        except FileNotFoundError:
            self._home.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=self._home, prefix=".gitconfig-", delete=False) as file:
            file.write(_SETTINGS)
        os.replace(file.name, settings)


def _missing() -> SourceError:
    return SourceError("git_missing", "The program 'git' is not installed; install it to read repositories.")

"""The virtual environment: exactly the locked packages, checked by hash, installed once.

uv installs in seconds what takes pip a minute, and comes from the index by its own locked hash. Where it
cannot be used, pip installs the same files.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from scripts.causes import Kind, explain
from scripts.indexes import uv_settings

PROFILES = ("serve", "dev")
_LOCKED = ("--require-hashes", "--only-binary", ":all:")


class InstallError(Exception):
    """The packages could not be installed; the message is for the person who wanted it."""

    def __init__(self, output: str, folder: Path) -> None:
        self.cause = explain(output, str(folder))
        super().__init__(self.cause.sentence)


class Environment:
    """The virtual environment of one checkout, in its folder ``.venv``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / ".venv"
        self._stamp = self._folder / "installed"
        self._python = str(self._folder / "bin" / "python")
        self._uv = self._folder / "bin" / "uv"
        self._lends_pip = _has_pip()
        self._pip = (
            (sys.executable, "-m", "pip", "--python", self._python)
            if self._lends_pip
            else (self._python, "-I", "-m", "pip")
        )

    def holds(self, profile: str) -> bool:
        """Whether a finished install has everything of ``profile``; ``dev`` has all of ``serve``."""
        version = self._version()
        if version is None or not self._stamp.is_file():
            return False
        stamp = self._stamp.read_text(encoding="utf-8")
        return any(stamp == self._mark(name, version) for name in {profile, "dev"})

    def install(self, profile: str) -> None:
        """Bring the environment to ``profile``. What an interrupted install left is made anew.

        Raises InstallError.
        """
        if self._version() is None or not self._stamp.is_file():
            self._create()
        self._stamp.unlink(missing_ok=True)
        lock = self._root / "requirements" / f"{profile}.lock"
        try:
            self._install_with_uv(lock)
        except InstallError as error:
            reached = self._uv.exists()  # it came from the index
            if error.cause.kind is Kind.DISK or (error.cause.kind is Kind.NETWORK and not reached):
                raise
            _say(f"The quick installer cannot be used here, so this takes a minute longer. {error}")
            self._install_with_pip(lock, "Installing with pip")
        self._stamp.write_text(self._mark(profile, self._version() or ""), encoding="utf-8")

    def _create(self) -> None:
        what = f"Making {self._folder} with Python {sys.version.split()[0]}"
        bare = ("--without-pip",) if self._lends_pip else ()
        self._run(what, [sys.executable, "-I", "-m", "venv", "--clear", *bare, str(self._folder)])

    def _install_with_uv(self, lock: Path) -> None:
        self._install_with_pip(self._root / "requirements" / "installer.lock", "Getting the installer")
        listing = subprocess.run(
            [*self._pip, "config", "list"], capture_output=True, text=True, check=False, cwd=self._root
        )
        told = uv_settings(listing.stdout, os.environ)
        sync = (str(self._uv), "pip", "sync", "--quiet", "--python", self._python)
        command = [*sync, *told.arguments, *_LOCKED, str(lock)]
        self._run("Installing the packages", command, told.environment)

    def _install_with_pip(self, lock: Path, what: str) -> None:
        quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--retries", "1")
        command = [*self._pip, "install", *quiet, "--no-deps", "--no-compile", *_LOCKED, "-r", str(lock)]
        self._run(what, command, {"PIP_USER": "0"})

    def _run(self, what: str, command: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
        """Run a command without its chatter, under a clock that ticks on a terminal."""
        begin = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **(extra or {})},
                cwd=self._root,
            )
            try:
                while process.poll() is None:
                    _show(what, begin, last=False)
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(0.5)
            finally:
                process.kill()
                process.wait()
            _show(what, begin, last=True)
            if process.returncode:
                output.seek(0)
                raise InstallError(output.read().decode("utf-8", "replace"), self._root)

    def _version(self) -> str | None:
        """The environment's Python, or None where there is none that runs."""
        probe = [self._python, "-I", "-c", "import sys; print(sys.version_info[:2], sys.prefix)"]
        try:
            return subprocess.run(probe, capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            return None

    def _mark(self, profile: str, version: str) -> str:
        """What the stamp says after an install of ``profile`` from the locks as they are now."""
        digest = hashlib.sha256(f"{version}{self._folder}".encode())
        for name in ("installer", profile):
            digest.update((self._root / "requirements" / f"{name}.lock").read_bytes())
        return f"{profile} {digest.hexdigest()}\n"


def install(arguments: Sequence[str]) -> int:
    """The command: one profile to install, in the checkout that this file is in."""
    if len(arguments) != 1 or arguments[0] not in PROFILES:
        _say(f"usage: environment.py {'|'.join(PROFILES)}")
        return 2
    root = Path(__file__).resolve().parent.parent
    environment = Environment(root)
    try:
        with (root / "requirements" / "serve.lock").open() as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # a second start waits for the first one's install
            if not environment.holds(arguments[0]):
                environment.install(arguments[0])
    except InstallError as error:
        _say(str(error))
        return 1
    except OSError as error:
        _say(str(InstallError(str(error), root)))
        return 1
    except KeyboardInterrupt:
        _say("\nStopped; the next start begins the install anew")
        return 130
    return 0


def _has_pip() -> bool:
    """Whether this interpreter's pip can work on the environment, which then need not unpack its own."""
    try:
        major, minor = metadata.version("pip").split(".")[:2]
    except metadata.PackageNotFoundError:
        return False
    return (int(major), int(minor)) >= (22, 3)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _show(what: str, begin: float, *, last: bool) -> None:
    """One line for each step: on a terminal its clock ticks, elsewhere it is printed when done."""
    terminal = sys.stderr.isatty()
    if terminal or last:
        line = f"{what} ... {time.monotonic() - begin:.0f} s"
        print(f"\r{line}" if terminal else line, end="\n" if last else "", file=sys.stderr, flush=True)

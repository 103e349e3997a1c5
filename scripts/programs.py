"""Install what only tests need from the system's packages: ``python -m scripts.programs``.

Root on a Debian system gets what is missing; anybody else is told what to install. Tests of a missing
program are skipped with the reason, but on CI nothing may be missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.support.programs import find_chromedriver, find_chromium, find_postgres, on_ci

_PACKAGES = {
    "postgresql": find_postgres,
    "chromium": find_chromium,
    "chromium-driver": find_chromedriver,
}


def missing() -> list[str]:
    """The Debian packages whose programs are not here."""
    return [package for package, find in _PACKAGES.items() if find() is None]


def install(packages: list[str]) -> None:
    """Install Debian packages; what goes wrong is on the terminal and shows in what is still missing."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "--quiet=2"],
        ["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *packages],
    ):
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False, stdout=sys.stderr)


def main() -> int:
    wanted = missing()
    if wanted and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(wanted)}", flush=True)
        install(wanted)
        wanted = missing()
    if wanted:
        consequence = "and CI needs them" if on_ci() else "so their tests will be skipped"
        print(f"Not here: {', '.join(wanted)}, {consequence}. Debian: apt install {' '.join(wanted)}")
        return 1 if on_ci() else 0
    print(f"PostgreSQL in {find_postgres()}, {find_chromium()}, {find_chromedriver()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

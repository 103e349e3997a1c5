"""Make the virtual environment that Stoa runs in: ``python3 scripts/environment.py serve`` (or ``dev``).

Only the standard library is used, and this first file is readable to any Python from 3.6 on, so that an
old one can hand over to a newer one beside it or say what is needed.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
NEWEST = (3, 14)
NAMES = ("python3.12", "python3.13", "python3.11", "python3.14", "python3")
PROBE = f"import sys, venv, ensurepip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"


def suits(python: str) -> bool:
    """Whether an interpreter has a version that the packages are locked for and can make environments."""
    try:
        return subprocess.call([python, "-I", "-c", PROBE], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def lament() -> str:
    """What is wrong with this interpreter and what to do, in a line."""
    found = "{}.{}".format(*sys.version_info)
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        missing = f"Python {found} at {sys.executable} cannot make virtual environments"
        return f"{missing}: apt install python{found}-venv, then try again"
    return (
        f"Stoa needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}, and {sys.executable} is {found}: install another "
        "beside it (apt install python3.11 python3.11-venv) or name one (make run PYTHON=/path/to/python3.12)"
    )


def here() -> str:
    """This interpreter, or the one that an active environment was made from: an environment cannot well
    renew itself."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return os.path.join(sys.base_prefix, "bin", "python{}.{}".format(*sys.version_info))


def main() -> int:
    """Find an interpreter that suits, and go on in it."""
    for python in [here(), *(shutil.which(name) or "" for name in NAMES)]:
        if suits(python):
            break
    else:
        sys.stderr.write(lament() + "\n")
        return 1
    if python != sys.executable:
        command = [python, os.path.abspath(__file__), *sys.argv[1:]]
        os.execv(python, command)  # noqa: S606 - the same program with the same arguments
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from scripts.installation import install

    return install(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())

"""Stoa's command: ``python run.py --help`` lists the verbs."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said in a sentence rather than as a syntax error
    sys.exit("Stoa needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

from src.cli.main import main

if __name__ == "__main__":
    sys.exit(main())

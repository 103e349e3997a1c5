"""Stoa's command: ``python run.py --help`` lists the verbs."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - said in a sentence rather than as a syntax error
    sys.exit("Stoa needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")

# Some environments forbid compiled modules; then every start would compile the same thousand files anew,
# which takes longer than all the rest of a start.
sys.dont_write_bytecode = False

from src.cli.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())

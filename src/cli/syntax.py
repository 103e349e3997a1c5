"""How verbs and what they have in common are declared."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from .exits import MEANINGS

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_verb(verbs: Verbs, name: str, module: str, text: str, **more: object) -> argparse.ArgumentParser:
    """A verb, or an action of one, that ``module`` below the package of the verbs carries out."""
    parser: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(verb=module, action=name, **more)
    return parser


def add_json(parser: argparse.ArgumentParser) -> None:
    """``--json``, of every verb that prints a result."""
    parser.add_argument("--json", action="store_true", help="print the result as JSON, for programs")


def epilog() -> str:
    """What stands below the help of every verb."""
    codes = "\n".join(f"  {code:3}  {meaning}" for code, meaning in MEANINGS)
    return (
        f"exit codes:\n{codes}\n\n"
        "The verbs that read or change data talk to the server of the data folder where one runs, and\n"
        "to another one where STOA_URL and STOA_TOKEN are set; else they start one for their own time."
    )

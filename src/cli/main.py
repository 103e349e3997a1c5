"""From the command line to a verb, and from its end to an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from src.core.errors import AppError
from src.core.shortage import shortage

from . import exits
from .arguments import VERBS, make_parser

if TYPE_CHECKING:
    from src.core.settings import Settings


@dataclass(frozen=True)
class Invocation:
    """What a verb was called with. The settings are read when they are first wanted."""

    arguments: Any
    environment: Mapping[str, str]

    def settings(self) -> Settings:
        from src.core.settings import load_settings

        config = self.arguments.config
        return load_settings(Path(config) if config else None, self.environment)


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Carry out the command line; returns the exit code."""
    parsed = make_parser().parse_args(arguments)
    verb = importlib.import_module(f"{VERBS}.{parsed.verb}")
    try:
        code: int = verb.run(Invocation(parsed, os.environ if environment is None else environment))
        sys.stdout.flush()
    except AppError as error:
        _complain(error)
        return exits.code_of(error)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return exits.INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return exits.OK
    except Exception as error:
        told = shortage(error)
        if told is None:
            raise
        _complain(told)
        return exits.code_of(told)
    return code


def _complain(error: AppError) -> None:
    from .output import printable

    print(f"stoa: {printable(error.detail)}", file=sys.stderr)
    for bad in error.fields:
        print(f"  {printable(bad.field)}: {printable(bad.detail)}", file=sys.stderr)

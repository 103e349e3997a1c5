"""``openapi``: the document that ``docs/openapi.v1.json`` freezes."""

from __future__ import annotations

import sys

from src.cli import exits
from src.cli.main import Invocation
from src.web.api.documentation import document_text


def run(invocation: Invocation) -> int:
    """Print the document."""
    sys.stdout.write(document_text())
    return exits.OK

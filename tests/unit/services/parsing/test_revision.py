"""The version of the parser changes with what it makes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import REVISION, DocumentParser
from src.services.parsing.transport import pack, unpack
from tests.unit.services.parsing.test_prose import MARKDOWN, RESTRUCTURED

KNOWN = {1: "5ef3885639ac9d38"}


def test_other_passages_have_another_revision(samples: Path) -> None:
    """Where this fails: raise REVISION, so that stored passages are made anew, and note the new digest."""
    parser = DocumentParser(tokenizer=None, max_tokens=64, limits=ParsingLimits())
    sources = {path.name: path.read_bytes() for path in sorted(samples.iterdir())}
    sources |= {"shop.md": MARKDOWN.encode(), "shop.rst": RESTRUCTURED.encode()}
    digest = hashlib.sha256()
    for name, content in sources.items():
        digest.update(pack(parser.parse(content, name=name, media_type=None)))
    assert {REVISION: digest.hexdigest()[:16]} == {REVISION: KNOWN.get(REVISION)}


def test_a_document_survives_the_way_between_processes(parser: DocumentParser, samples: Path) -> None:
    for path in samples.iterdir():
        document = parser.parse(path.read_bytes(), name=path.name, media_type=None)
        assert unpack(pack(document)) == document

"""Word documents, and archives that only look like one."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

import pytest

from src.core.errors import DocumentError
from src.core.passages import ParsedDocument
from src.services.parsing.limits import ParsingLimits
from src.services.parsing.parser import DocumentParser
from src.services.parsing.tokens import TokenCounter
from tests.unit.services.parsing.checks import attempt, check
from tests.unit.services.parsing.making import rezipped, word

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def _parse(parser: DocumentParser, content: bytes, name: str = "a.docx") -> ParsedDocument:
    return parser.parse(content, name=name, media_type=None)


def _code(parser: DocumentParser, content: bytes, name: str = "a.docx") -> str:
    with pytest.raises(DocumentError) as caught:
        _parse(parser, content, name)
    return caught.value.code


def _body(xml: str) -> bytes:
    return f'<?xml version="1.0"?><w:document {W}><w:body>{xml}</w:body></w:document>'.encode()


def test_paragraphs_lists_and_tables_are_read_by_heading(parser: DocumentParser, count: TokenCounter) -> None:
    content = word(
        [
            ("Normal", "Before."),
            ("Heading 1", "The shop"),
            ("Normal", "Open daily."),
            ("Heading 2", "Prices"),
            ("List Bullet", "pen"),
            ("List Bullet", "ink"),
            ("table", [["name", "price"], ["pen", "1"]]),
            ("Heading 1", "End"),
        ],
        title="Shop book",
    )
    document = _parse(parser, content)
    check(document, None, count)
    assert document.title == "Shop book"
    assert document.readable_text is not None
    assert "- pen\n- ink\n\nname | price\npen | 1\n" in document.readable_text
    assert [(d.location.heading_path, d.context) for d in document.drafts] == [
        ((), ""),
        (("The shop",), "The shop"),
        (("The shop", "Prices"), "The shop › Prices"),
        (("End",), "End"),
    ]


def test_content_controls_and_tracked_insertions_are_read_and_deletions_are_not(
    parser: DocumentParser,
) -> None:
    xml = (
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:ins><w:r><w:t>Inserted</w:t><w:tab/><w:t>here.</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>Gone.</w:delText></w:r></w:del></w:p>"
    )
    content = rezipped(word([]), {"word/document.xml": _body(xml)})
    assert _parse(parser, content).readable_text == "In a control.\n\nInserted\there."


def test_a_word_document_is_known_under_any_name(parser: DocumentParser) -> None:
    assert _parse(parser, word([("Normal", "Hello.")]), name="upload").format == "docx"


def test_a_document_without_text_is_refused(parser: DocumentParser) -> None:
    assert _code(parser, word([])) == "no_text"


def test_a_damaged_document_is_refused(parser: DocumentParser) -> None:
    content = word([("Normal", "Hello.")])
    assert _code(parser, content[: len(content) // 2]) == "damaged"
    assert _code(parser, rezipped(content, {"word/document.xml": b"<w:document"})) == "damaged"
    assert _code(parser, rezipped(content, {"[Content_Types].xml": b"<Types/>"})) == "damaged"
    assert (
        _code(parser, rezipped(content, {"word/document.xml": _body("").replace(b"body", b"none")}))
        == "damaged"
    )
    place = content.index(b"word/document.xml") + len("word/document.xml") + 20
    assert _code(parser, content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]) == "damaged"
    assert _code(parser, b"plain text in a .docx") == "damaged"


def test_a_document_of_very_many_parts_is_refused_with_their_number(parser: DocumentParser) -> None:
    parts = {f"word/media/{number}.xml": b"" for number in range(10_001)}
    with pytest.raises(DocumentError, match=r"made of 100\d\d parts") as caught:
        _parse(parser, rezipped(word([("Normal", "Hello.")]), parts))
    assert caught.value.code == "unpacked_too_large"


def test_a_document_of_very_many_paragraphs_is_read_in_good_time(parser: DocumentParser) -> None:
    content = word([("Normal", "Hello."), ("Heading 1", "End")])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        body = archive.read("word/document.xml").replace(b"</w:p>", b"</w:p>" + b"<w:p/>" * 30_000, 1)
    began = time.process_time()
    document = _parse(parser, rezipped(content, {"word/document.xml": body}))
    assert time.process_time() - began < 5
    assert [draft.text for draft in document.drafts] == ["Hello.", "End"]


def test_an_encrypted_document_is_refused(parser: DocumentParser) -> None:
    packed = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "EncryptedPackage".encode("utf-16-le") + bytes(99)
    )
    assert _code(parser, packed) == "encrypted"
    assert _code(parser, packed.replace(b"E\0n", b"X\0n"), "old.doc") == "unsupported_format"
    flagged = bytearray(word([("Normal", "Hello.")]))
    central = flagged.index(b"PK\x01\x02")
    flagged[central + 8] |= 1
    assert _code(parser, bytes(flagged)) == "encrypted"


def test_other_archives_are_refused_as_archives(parser: DocumentParser) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert _code(parser, out.getvalue()) == "archive"
    assert _code(parser, out.getvalue(), "a.zip") == "archive"
    assert _code(parser, out.getvalue(), "a.xlsx") == "unsupported_format"


def test_an_archive_bomb_is_refused_before_it_is_unpacked(parser: DocumentParser) -> None:
    bomb = rezipped(word([("Normal", "x")]), {"word/media/zeros.bin": bytes(64 * 2**20)})
    assert len(bomb) < 2**20
    assert _code(parser, bomb) == "unpacked_too_large"


def test_a_lying_table_of_contents_cannot_unpack_more_than_it_declares(parser: DocumentParser) -> None:
    content = bytearray(rezipped(word([]), {"word/document.xml": _body("<w:p/>" * 400_000)}))
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = (10).to_bytes(4, "little")
    assert _code(parser, bytes(content)) == "damaged"


def test_the_unpacked_size_is_limited(tokenizer_path: Path) -> None:
    limits = ParsingLimits(max_unpacked_bytes=1000)
    parser = DocumentParser(tokenizer=tokenizer_path, max_tokens=256, limits=limits)
    assert _code(parser, word([("Normal", "x")])) == "unpacked_too_large"


def test_entities_are_not_expanded(parser: DocumentParser) -> None:
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    bomb = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{levels}]>'
        f"<w:document {W}><w:body><w:p><w:r><w:t>&e11;</w:t></w:r></w:p></w:body></w:document>"
    )
    external = bomb.replace('<!ENTITY e0 "ha">', '<!ENTITY e0 SYSTEM "file:///etc/passwd">')
    for xml in (bomb, external):
        content = rezipped(word([]), {"word/document.xml": xml.encode()})
        outcome = attempt(parser, content, "a.docx")
        if isinstance(outcome, str):
            assert outcome in ("damaged", "no_text")
        else:
            assert "haha" not in (outcome.readable_text or "")
            assert "root:" not in (outcome.readable_text or "")


def test_a_table_of_many_merged_rows_is_read(parser: DocumentParser) -> None:
    merged = "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
    row = f"<w:tr>{merged}<w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr>"
    content = rezipped(word([]), {"word/document.xml": _body(f"<w:tbl>{row * 3000}</w:tbl>")})
    assert (_parse(parser, content).readable_text or "").count("| x") + 1 >= 3000

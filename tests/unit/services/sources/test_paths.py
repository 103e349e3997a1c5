from __future__ import annotations

import json
from pathlib import Path

from src.services.sources.paths import holds_control, readable_path


def test_a_utf8_name_stays_as_it_is() -> None:
    assert readable_path("docs/naïve 日本.md".encode()) == "docs/naïve 日本.md"


def test_a_name_that_is_not_utf8_can_be_stored_and_keeps_its_suffix() -> None:
    path = readable_path(b"caf\xe9/caf\xe9.py")
    assert path.startswith("caf�/caf�~")
    assert path.endswith(".py")
    assert path.encode()


def test_names_that_differ_in_bad_bytes_only_stay_apart() -> None:
    names = [b"\xe9", b"\xea", "�".encode(), b"\xe9.txt", b"d\xe9/a", b"d\xea/a", b".\xe9"]
    assert len({readable_path(name) for name in names}) == len(names)
    assert readable_path(b"\xe9") == readable_path(b"\xe9")


def test_any_string_that_breaks_programs_is_a_path(shared_data: Path) -> None:
    for text in json.loads((shared_data / "bad_input" / "blns.json").read_text()):
        assert readable_path(text.encode("utf-8", "surrogatepass")).encode() is not None


def test_controls_and_lone_surrogates_are_found() -> None:
    assert holds_control("a\nb")
    assert holds_control("a\x7f")
    assert holds_control("a\x85")
    assert holds_control("\udcff")
    assert not holds_control("👩‍👧 née")

"""What the terminal prints, and the small parts behind it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from werkzeug.formparser import parse_form_data

from src.cli import exits
from src.cli.multipart import FilePart, Multipart, UnreadableFileError
from src.cli.output import place, printable
from src.cli.targets import batches, files_below, target_of
from src.core.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    UnauthenticatedError,
    UnavailableError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ConfigurationError("x"), 3),
        (NotFoundError("x"), 4),
        (ForbiddenError("x"), 4),
        (UnauthenticatedError("x"), 4),
        (exits.UnreachableError("x"), 5),
        (exits.UsageError("x"), 2),
        (ConflictError("x"), 1),
        (InvalidRequestError("x"), 2),
        (UnavailableError("x"), 1),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(error: object, code: int) -> None:
    assert exits.code_of(error) == code  # type: ignore[arg-type]


def test_indexed_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x07c\x9bd\u202ee\r\nf\tg\n") == "a�[2Jb�c�d�e\nf\tg\n"


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ({"path": "a.py", "start_line": 3, "end_line": 9}, "a.py:3-9"),
        ({"path": "a.py", "start_line": 3, "end_line": 3}, "a.py:3"),
        ({"path": "a.pdf", "page": 2}, "a.pdf, page 2"),
        ({"page": 2}, "title, page 2"),
        ({"path": "a.ipynb", "cell": 4}, "a.ipynb, cell 4"),
        ({"heading_path": ["One", "Two"]}, "title: One › Two"),
        ({}, "title"),
    ],
)
def test_a_place_is_written_as_people_write_it(location: dict[str, object], told: str) -> None:
    assert place(location, "title") == told


NAMES = ['a "quoted" name.txt', "back\\slash.txt", "ünïcode 🦉.txt", "a;b=c.txt", "new\nline.txt"]


def test_a_multipart_body_is_read_back_as_it_was_meant(tmp_path: Path) -> None:
    parts = []
    for number, name in enumerate(NAMES):
        path = tmp_path / str(number)
        path.write_bytes(bytes([number]) * number * 70_000)
        parts.append(FilePart(name, path, path.stat().st_size))
    form = Multipart(tuple(parts))
    body = b"".join(form.chunks())
    assert len(body) == form.length
    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(form.length), "REQUEST_METHOD": "POST"}
    _, _, files = parse_form_data({**environ, "CONTENT_TYPE": form.content_type}, silent=False)
    received = files.getlist("files")
    assert [file.filename for file in received] == [name.replace("\n", " ") for name in NAMES]
    for number, file in enumerate(received):
        assert file.read() == bytes([number]) * number * 70_000
        file.close()


def test_a_file_that_shrinks_while_it_is_sent_breaks_the_request_off(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    form = Multipart((FilePart("a", path, 6),))
    with pytest.raises(UnreadableFileError, match="shorter"):
        list(form.chunks())


def test_targets_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    (tmp_path / "a.txt").write_text("x")
    kinds = {
        "https://example.org/team/project.git": ("git", "project"),
        "git@example.org:team/other.git": ("git", "other"),
        str(tmp_path / "repository"): ("git", "repository"),
        str(tmp_path / "notes") + "/": ("folder", "notes"),
        str(tmp_path / "a.txt"): ("file", "a.txt"),
    }
    assert {text: (target_of(text).kind, target_of(text).name) for text in kinds} == kinds
    with pytest.raises(NotFoundError, match="neither"):
        target_of(str(tmp_path / "missing"))
    with pytest.raises(exits.UsageError, match="Name what to add"):
        target_of(" ")


def test_a_folder_is_sent_without_what_tools_wrote(tmp_path: Path) -> None:
    for name in ("docs/a.md", "docs/b/c.py", "docs/.secret", "docs/node_modules/x.js", "docs/b/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "docs" / "link").symlink_to("/etc/passwd")
    names = [part.name for part in files_below(tmp_path / "docs", (), ("*.txt",))]
    assert sorted(names) == ["docs/a.md", "docs/b/c.py"]


def test_uploads_are_cut_into_requests_of_a_moderate_size(tmp_path: Path) -> None:
    small = [FilePart(str(number), tmp_path, 10) for number in range(450)]
    assert [len(batch) for batch in batches(iter(small))] == [200, 200, 50]
    large = [FilePart(str(number), tmp_path, 20 * 2**20) for number in range(3)]
    assert [len(batch) for batch in batches(iter(large))] == [1, 1, 1]
    assert list(batches(iter([]))) == []

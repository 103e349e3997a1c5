"""Which files of a repository are taken, which skipped, and what their names may be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from src.core.errors import InvalidRequestError, SourceError
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitLimits, GitSource
from tests.support.git import Repository
from tests.support.syncs import paths, reasons, sync

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n".format("a" * 64)


def test_include_and_exclude_choose_and_bad_patterns_are_refused(
    source: GitSource, repository: Repository
) -> None:
    repository.commit(
        {name: "text\n" for name in ("a.py", "a.md", "docs/b.md", "tests/c.py", "x/tests/d.md")}
    )
    chosen = repository.spec(include=("*.py", "docs/**"), exclude=("tests/",))
    assert paths(sync(source, chosen)) == {"a.py", "docs/b.md"}
    with pytest.raises(InvalidRequestError):
        source.check(repository.spec(exclude=("../up",)))


def test_what_is_not_text_to_read_is_skipped_with_its_reason(
    source: GitSource, repository: Repository
) -> None:
    repository.commit(
        {
            "big.bin": LFS,
            "app.min.js": "let a=1\n",
            "package-lock.json": "{}\n",
            "image.dat": bytes(range(256)),
            "empty.md": "",
            "good.md": "good\n",
        }
    )
    (repository.path / "link.md").symlink_to("good.md")
    (repository.path / "out").symlink_to("/etc")
    repository.git("add", "--all", "--force")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor/lib")
    repository.git("commit", "--quiet", "--message=more")
    changes = sync(source, repository.spec(exclude=("empty.md",)))
    assert paths(changes) == {"good.md"}
    assert reasons(changes) == {
        "big.bin": "lfs_pointer",
        "app.min.js": "minified",
        "package-lock.json": "generated",
        "image.dat": "binary",
        "link.md": "symlink",
        "out": "symlink",
        "vendor/lib": "submodule",
    }
    assert all(skipped.detail for skipped in changes.skipped)


def test_a_file_that_becomes_a_link_is_listed_as_skipped(source: GitSource, repository: Repository) -> None:
    first = repository.commit({"a.md": "a\n", "b.md": "b\n"})
    sync(source, repository.spec())
    repository.write({"a.md": None})
    (repository.path / "a.md").symlink_to("b.md")
    repository.commit()
    changes = sync(source, repository.spec(), since=first)
    assert changes.files == ()
    assert reasons(changes) == {"a.md": "symlink"}


def test_files_over_the_limit_are_skipped_and_too_many_are_refused(
    tmp_path: Path, root: Path, repository: Repository
) -> None:
    repository.commit({"a.md": "x" * 1000, "b.md": "x" * 1001, "c.md": "c\n"})
    source = GitSource(tmp_path / "clones", (root,), skip_reason, GitLimits(max_file_bytes=1000))
    assert reasons(sync(source, repository.spec())) == {"b.md": "too_large"}
    source = GitSource(tmp_path / "clones", (root,), skip_reason, GitLimits(max_files=2))
    with pytest.raises(SourceError) as refusal:
        sync(source, repository.spec())
    assert refusal.value.code == "too_large"


def test_names_of_any_bytes_are_listed_read_and_followed(
    source: GitSource, repository: Repository, shared_data: Path
) -> None:
    names = {
        b"caf\xe9.md",
        b"caf\xea.md",
        "naïve 日本.md".encode(),
        b"line\nend.md",
        b'quo"te\\.md',
        b"tab\t.md",
    }
    for text in json.loads((shared_data / "bad_input" / "blns.json").read_text()):
        name = text.replace("/", "").encode("utf-8", "surrogatepass")
        if name and b"\0" not in name and name not in {b".", b".."}:
            names.add(name)
    blobs = {name: repository.blob(b"text of " + name.hex().encode()) for name in names}
    first = repository.commit_entries(*(("100644", blob, name) for name, blob in blobs.items()))
    changes = sync(source, repository.spec())
    assert reasons(changes) == {}
    assert len(paths(changes)) == len(names)
    assert {file.read() for file in changes.files} == {b"text of " + name.hex().encode() for name in names}
    assert all(file.path.encode() for file in changes.files)

    moved = {name if name != b"caf\xe9.md" else b"th\xe9.md": blob for name, blob in blobs.items()}
    del moved[b"line\nend.md"]
    repository.commit_entries(*(("100644", blob, name) for name, blob in moved.items()))
    later = sync(source, repository.spec(), since=first)
    assert later.deleted == ("line\nend.md",)
    (renamed,) = later.files
    assert renamed.previous_path in paths(changes)
    assert renamed.previous_path is not None
    assert renamed.previous_path.startswith("caf")


def test_names_that_could_lead_out_are_skipped(source: GitSource, repository: Repository) -> None:
    blob = repository.blob(b"text\n")
    inner = repository.git("mktree", stdin=f"100644 blob {blob}\tx.md\n".encode()).decode()
    repository.commit_entries(
        ("100644", blob, b"a.md"),
        ("100644", blob, b"."),
        ("040000", inner, b".."),
        ("040000", inner, b".git"),
    )
    changes = sync(source, repository.spec())
    assert paths(changes) == {"a.md", ".git/x.md"}
    assert reasons(changes) == {".": "odd_name", "../x.md": "odd_name"}

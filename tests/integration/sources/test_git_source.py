"""What is read of a repository, and what of its changes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from src.core.errors import InvalidRequestError, SourceError
from src.core.ports import SourceChanges, SourceFile, SourceSpec
from src.services.parsing.selection import skip_reason
from src.services.sources.git import GitLimits, GitSource
from tests.support.git import Repository

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n".format("a" * 64)


@pytest.fixture
def source(tmp_path: Path, root: Path) -> GitSource:
    return GitSource(tmp_path / "clones", (root,), skip_reason)


def spec_of(repository: Repository, **options: object) -> SourceSpec:
    return SourceSpec("git", str(repository.path), **options)  # type: ignore[arg-type]


def sync(
    source: GitSource, spec: SourceSpec, since: str | None = None, source_id: str = "s1"
) -> SourceChanges:
    return source.changes(source.check(spec), source_id=source_id, since=since, report=lambda text: None)


def paths(changes: SourceChanges) -> set[str]:
    return {file.path for file in changes.files}


def reasons(changes: SourceChanges) -> dict[str, str]:
    return {skipped.path: skipped.code for skipped in changes.skipped}


def file_at(changes: SourceChanges, path: str) -> SourceFile:
    return next(file for file in changes.files if file.path == path)


def test_the_first_sync_lists_the_whole_commit(source: GitSource, repository: Repository) -> None:
    commit = repository.commit({"README.md": "# Hello\n", "src/deep/a.py": "x = 1\n"})
    changes = sync(source, spec_of(repository))
    assert changes.revision == commit
    assert changes.complete
    assert {file.path: (file.read(), file.size) for file in changes.files} == {
        "README.md": (b"# Hello\n", 8),
        "src/deep/a.py": (b"x = 1\n", 6),
    }
    assert file_at(changes, "README.md").revision == repository.blob(b"# Hello\n")
    assert not list(repository.path.parent.parent.glob("clones/**/README.md"))


def test_nothing_changed_gives_an_empty_incremental_listing(
    source: GitSource, repository: Repository
) -> None:
    commit = repository.commit({"a.md": "a\n"})
    assert sync(source, spec_of(repository), since=commit) == SourceChanges(commit, False, (), (), ())


def test_only_what_changed_since_is_listed(source: GitSource, repository: Repository) -> None:
    repository.write({f"f{number}.md": f"file {number}\n" for number in range(20)})
    first = repository.commit()
    sync(source, spec_of(repository))
    repository.commit({"f3.md": "changed\n", "new.md": "new\n"})
    repository.commit({"f7.md": None})
    changes = sync(source, spec_of(repository), since=first)
    assert not changes.complete
    assert {file.path: file.read() for file in changes.files} == {"f3.md": b"changed\n", "new.md": b"new\n"}
    assert changes.deleted == ("f7.md",)


def test_renames_are_followed_whether_the_text_changed_or_not(
    source: GitSource, repository: Repository
) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    first = repository.commit({"a.md": text, "b.md": text.replace("line", "row"), "c.md": "c\n"})
    sync(source, spec_of(repository))
    repository.commit(
        {
            "a.md": None,
            "docs/a2.md": text,
            "b.md": None,
            "b2.md": text.replace("line", "row") + "one more\n",
        }
    )
    changes = sync(source, spec_of(repository), since=first)
    assert {file.path: file.previous_path for file in changes.files} == {
        "docs/a2.md": "a.md",
        "b2.md": "b.md",
    }
    assert changes.deleted == ()


def test_a_rename_across_the_border_of_the_patterns_is_an_addition_or_a_deletion(
    source: GitSource, repository: Repository
) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    first = repository.commit({"in/a.md": text, "out/b.md": text.replace("line", "row")})
    spec = spec_of(repository, include=("in/**",))
    sync(source, spec)
    repository.git("mv", "in/a.md", "out/a.md")
    repository.git("mv", "out/b.md", "in/b.md")
    repository.commit()
    changes = sync(source, spec, since=first)
    assert {file.path: file.previous_path for file in changes.files} == {"in/b.md": None}
    assert changes.deleted == ("in/a.md",)


def test_a_rename_to_a_name_that_is_skipped_deletes_the_old_path(
    source: GitSource, repository: Repository
) -> None:
    first = repository.commit({"app.js": "let a = 1;\n" * 20})
    sync(source, spec_of(repository))
    repository.git("mv", "app.js", "app.min.js")
    repository.commit()
    changes = sync(source, spec_of(repository), since=first)
    assert changes.files == ()
    assert changes.deleted == ("app.js",)
    assert reasons(changes) == {"app.min.js": "minified"}


def test_after_a_force_push_the_difference_to_the_new_history_is_told(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n", "b.md": "b\n"})
    synced = repository.commit({"b.md": "b2\n", "c.md": "c\n"})
    sync(source, spec_of(repository))
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit({"d.md": "d\n"})
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    changes = sync(source, spec_of(repository), since=synced)
    assert not changes.complete
    assert {file.path: file.read() for file in changes.files} == {"b.md": b"b\n", "d.md": b"d\n"}
    assert changes.deleted == ("c.md",)


@pytest.mark.parametrize("since", ["0" * 40, "no commit at all", "--output=/tmp/x", "HEAD"])
def test_a_since_that_is_not_known_gives_a_complete_listing(
    source: GitSource, repository: Repository, since: str
) -> None:
    repository.commit({"a.md": "a\n"})
    sync(source, spec_of(repository))
    repository.commit({"b.md": "b\n"})
    changes = sync(source, spec_of(repository), since=since)
    assert changes.complete
    assert paths(changes) == {"a.md", "b.md"}


def test_a_named_branch_or_tag_is_read(source: GitSource, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    repository.git("tag", "--annotate", "--message=one", "v1")
    repository.git("checkout", "--quiet", "-b", "feature/x")
    on_branch = repository.commit({"b.md": "b\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"c.md": "c\n"})
    assert paths(sync(source, spec_of(repository))) == {"a.md", "c.md"}
    assert sync(source, spec_of(repository, branch="feature/x")).revision == on_branch
    tagged = sync(source, spec_of(repository, branch="v1"))
    assert paths(tagged) == {"a.md"}
    assert sync(source, spec_of(repository, branch="v1"), since=tagged.revision).files == ()


@pytest.mark.parametrize(
    "branch", ["missing", "ma*", "-x", "--upload-pack=x", "", "a..b", "a b", "m\nain", "/main"]
)
def test_a_branch_that_is_not_there_is_refused(
    source: GitSource, repository: Repository, branch: str
) -> None:
    repository.commit({"a.md": "a\n"})
    with pytest.raises(SourceError) as refusal:
        source.check(spec_of(repository, branch=branch))
    assert refusal.value.code == "no_such_branch"


def test_an_empty_repository_is_refused(source: GitSource, repository: Repository) -> None:
    for branch in (None, "main"):
        with pytest.raises(SourceError) as refusal:
            source.check(spec_of(repository, branch=branch))
        assert refusal.value.code == "empty_repository"


def test_a_repository_whose_head_names_no_branch_wants_one_named(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n"})
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(SourceError) as refusal:
        source.check(spec_of(repository))
    assert refusal.value.code == "no_such_branch"
    assert paths(sync(source, spec_of(repository, branch="main"))) == {"a.md"}


def test_include_and_exclude_choose_and_bad_patterns_are_refused(
    source: GitSource, repository: Repository
) -> None:
    repository.commit(
        {name: "text\n" for name in ("a.py", "a.md", "docs/b.md", "tests/c.py", "x/tests/d.md")}
    )
    chosen = spec_of(repository, include=("*.py", "docs/**"), exclude=("tests/",))
    assert paths(sync(source, chosen)) == {"a.py", "docs/b.md"}
    with pytest.raises(InvalidRequestError):
        source.check(spec_of(repository, exclude=("../up",)))


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
    changes = sync(source, spec_of(repository, exclude=("empty.md",)))
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
    sync(source, spec_of(repository))
    repository.write({"a.md": None})
    (repository.path / "a.md").symlink_to("b.md")
    repository.commit()
    changes = sync(source, spec_of(repository), since=first)
    assert changes.files == ()
    assert reasons(changes) == {"a.md": "symlink"}


def test_files_over_the_limit_are_skipped_and_too_many_are_refused(
    tmp_path: Path, root: Path, repository: Repository
) -> None:
    repository.commit({"a.md": "x" * 1000, "b.md": "x" * 1001, "c.md": "c\n"})
    source = GitSource(tmp_path / "clones", (root,), skip_reason, GitLimits(max_file_bytes=1000))
    assert reasons(sync(source, spec_of(repository))) == {"b.md": "too_large"}
    source = GitSource(tmp_path / "clones", (root,), skip_reason, GitLimits(max_files=2))
    with pytest.raises(SourceError) as refusal:
        sync(source, spec_of(repository))
    assert refusal.value.code == "too_large"


def test_names_of_any_bytes_are_listed_read_and_followed(
    source: GitSource, repository: Repository, shared_data: Path
) -> None:
    import json

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
    changes = sync(source, spec_of(repository))
    assert reasons(changes) == {}
    assert len(paths(changes)) == len(names)
    assert {file.read() for file in changes.files} == {b"text of " + name.hex().encode() for name in names}
    assert all(file.path.encode() for file in changes.files)

    moved = {name if name != b"caf\xe9.md" else b"th\xe9.md": blob for name, blob in blobs.items()}
    del moved[b"line\nend.md"]
    repository.commit_entries(*(("100644", blob, name) for name, blob in moved.items()))
    later = sync(source, spec_of(repository), since=first)
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
    changes = sync(source, spec_of(repository))
    assert paths(changes) == {"a.md", ".git/x.md"}
    assert reasons(changes) == {".": "odd_name", "../x.md": "odd_name"}


def test_thousands_of_files_are_read_in_any_order_from_any_thread(
    source: GitSource, repository: Repository
) -> None:
    texts = {f"d{number % 40}/f{number}.md": f"file {number}\n" * (number % 50 + 1) for number in range(3000)}
    repository.commit(texts)
    changes = sync(source, spec_of(repository))
    files = list(changes.files)[::-1]
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda file: file.read().decode(), files))
    assert {file.path: text for file, text in zip(files, contents, strict=True)} == texts


def test_reading_still_works_after_a_later_sync(source: GitSource, repository: Repository) -> None:
    first = repository.commit({"a.md": "one\n"})
    before = sync(source, spec_of(repository))
    repository.commit({"a.md": "two\n"})
    after = sync(source, spec_of(repository), since=first)
    assert before.files[0].read() == b"one\n"
    assert after.files[0].read() == b"two\n"


def test_one_reading_process_serves_a_sync_and_ends_with_it(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({f"{number}.md": f"{number}\n" for number in range(50)})
    before = children()
    changes = sync(source, spec_of(repository))
    for file in changes.files:
        file.read()
    assert len(children() - before) == 1
    del changes, file
    assert children() == before


def test_reading_goes_on_when_the_reading_process_was_killed(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n", "b.md": "b\n"})
    before = children()
    first, second = sync(source, spec_of(repository)).files
    assert first.read() == b"a\n"
    for process in children() - before:
        os.kill(int(process), signal.SIGKILL)
    assert second.read() == b"b\n"


def test_a_file_that_is_missing_from_the_clone_says_what_happens_next(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    before = children()
    (file,) = sync(source, spec_of(repository)).files
    source.remove("s1")
    (tmp_path / "clones" / "s1.git").mkdir()
    for process in children() - before:
        os.kill(int(process), signal.SIGKILL)
    with pytest.raises(SourceError) as failure:
        file.read()
    assert failure.value.code == "damaged_clone"


def children() -> set[str]:
    found = set()
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            fields = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if fields[1] == str(os.getpid()) and fields[0] != "Z":
            found.add(process)
    return found


def test_a_repository_of_the_other_hash_is_read(source: GitSource, root: Path) -> None:
    repository = Repository.create(root / "sha256", "--object-format=sha256")
    first = repository.commit({"a.md": "a\n"})
    assert len(first) == 64
    assert paths(sync(source, spec_of(repository))) == {"a.md"}
    repository.commit({"b.md": "b\n"})
    assert paths(sync(source, spec_of(repository), since=first)) == {"b.md"}


def test_progress_is_told_in_sentences(source: GitSource, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    told: list[str] = []
    source.changes(source.check(spec_of(repository)), source_id="s1", since=None, report=told.append)
    assert told[:2] == ["Asking the repository for its latest commit", "Fetching"]


def test_a_removed_source_leaves_nothing_behind(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    sync(source, spec_of(repository))
    source.remove("s1")
    source.remove("never-there")
    assert [path.name for path in (tmp_path / "clones").iterdir()] == [".gitconfig"]


@pytest.mark.parametrize("source_id", ["", "../up", "a/b", "a.b", "x" * 101])
def test_a_source_id_is_no_path(source: GitSource, repository: Repository, source_id: str) -> None:
    repository.commit({"a.md": "a\n"})
    with pytest.raises(ValueError, match="source id"):
        sync(source, spec_of(repository), source_id=source_id)

"""What is listed of a repository, and what of its changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.core.errors import SourceError
from src.core.ports import SourceChanges
from src.services.sources.git import GitSource
from tests.support.git import Repository
from tests.support.syncs import paths, reasons, sync


def test_the_first_sync_lists_the_whole_commit(source: GitSource, repository: Repository) -> None:
    commit = repository.commit({"README.md": "# Hello\n", "src/deep/a.py": "x = 1\n"})
    changes = sync(source, repository.spec())
    assert changes.revision == commit
    assert changes.complete
    assert {file.path: (file.read(), file.size) for file in changes.files} == {
        "README.md": (b"# Hello\n", 8),
        "src/deep/a.py": (b"x = 1\n", 6),
    }
    assert repository.blob(b"# Hello\n") in {file.revision for file in changes.files}
    assert not list(repository.path.parent.parent.glob("clones/**/README.md"))


def test_nothing_changed_gives_an_empty_incremental_listing(
    source: GitSource, repository: Repository
) -> None:
    commit = repository.commit({"a.md": "a\n"})
    assert sync(source, repository.spec(), since=commit) == SourceChanges(commit, False, (), (), ())


def test_only_what_changed_since_is_listed(source: GitSource, repository: Repository) -> None:
    repository.write({f"f{number}.md": f"file {number}\n" for number in range(20)})
    first = repository.commit()
    sync(source, repository.spec())
    repository.commit({"f3.md": "changed\n", "new.md": "new\n"})
    repository.commit({"f7.md": None})
    changes = sync(source, repository.spec(), since=first)
    assert not changes.complete
    assert {file.path: file.read() for file in changes.files} == {"f3.md": b"changed\n", "new.md": b"new\n"}
    assert changes.deleted == ("f7.md",)


def test_renames_are_followed_whether_the_text_changed_or_not(
    source: GitSource, repository: Repository
) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    first = repository.commit({"a.md": text, "b.md": text.replace("line", "row"), "c.md": "c\n"})
    sync(source, repository.spec())
    repository.commit(
        {
            "a.md": None,
            "docs/a2.md": text,
            "b.md": None,
            "b2.md": text.replace("line", "row") + "one more\n",
        }
    )
    changes = sync(source, repository.spec(), since=first)
    assert {file.path: file.previous_path for file in changes.files} == {
        "docs/a2.md": "a.md",
        "b2.md": "b.md",
    }
    assert changes.deleted == ()


def test_a_rename_onto_the_name_of_a_renamed_file_is_followed(
    source: GitSource, repository: Repository
) -> None:
    oak, elm = ("".join(f"{tree} {number}\n" for number in range(200)) for tree in ("oak", "elm"))
    first = repository.commit({"a.md": oak, "b.md": elm})
    sync(source, repository.spec())
    repository.commit({"a.md": None, "b.md": oak, "c.md": elm})
    changes = sync(source, repository.spec(), since=first)
    assert {file.path: file.previous_path for file in changes.files} == {"b.md": "a.md", "c.md": "b.md"}
    assert changes.deleted == ()


def test_a_rewritten_file_is_a_change_where_its_old_text_went_nowhere(
    source: GitSource, repository: Repository
) -> None:
    oak, elm = ("".join(f"{tree} {number}\n" for number in range(200)) for tree in ("oak", "elm"))
    first = repository.commit({"a.md": oak})
    sync(source, repository.spec())
    repository.commit({"a.md": elm})
    changes = sync(source, repository.spec(), since=first)
    assert {file.path: file.previous_path for file in changes.files} == {"a.md": None}
    assert changes.deleted == ()


def test_a_rename_across_the_border_of_the_patterns_is_an_addition_or_a_deletion(
    source: GitSource, repository: Repository
) -> None:
    text = "".join(f"line {number}\n" for number in range(50))
    first = repository.commit({"in/a.md": text, "out/b.md": text.replace("line", "row")})
    spec = repository.spec(include=("in/**",))
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
    sync(source, repository.spec())
    repository.git("mv", "app.js", "app.min.js")
    repository.commit()
    changes = sync(source, repository.spec(), since=first)
    assert changes.files == ()
    assert changes.deleted == ("app.js",)
    assert reasons(changes) == {"app.min.js": "minified"}


def test_after_a_force_push_the_difference_to_the_new_history_is_told(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n", "b.md": "b\n"})
    synced = repository.commit({"b.md": "b2\n", "c.md": "c\n"})
    sync(source, repository.spec())
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit({"d.md": "d\n"})
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    changes = sync(source, repository.spec(), since=synced)
    assert not changes.complete
    assert {file.path: file.read() for file in changes.files} == {"b.md": b"b\n", "d.md": b"d\n"}
    assert changes.deleted == ("c.md",)


@pytest.mark.parametrize("since", ["0" * 40, "no commit at all", "--output=/tmp/x", "HEAD"])
def test_a_since_that_is_not_known_gives_a_complete_listing(
    source: GitSource, repository: Repository, since: str
) -> None:
    repository.commit({"a.md": "a\n"})
    sync(source, repository.spec())
    repository.commit({"b.md": "b\n"})
    changes = sync(source, repository.spec(), since=since)
    assert changes.complete
    assert paths(changes) == {"a.md", "b.md"}


def test_a_named_branch_or_tag_is_read(source: GitSource, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    repository.git("tag", "--annotate", "--message=one", "v1")
    repository.git("checkout", "--quiet", "-b", "feature/x")
    on_branch = repository.commit({"b.md": "b\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit({"c.md": "c\n"})
    assert paths(sync(source, repository.spec())) == {"a.md", "c.md"}
    assert sync(source, repository.spec(branch="feature/x")).revision == on_branch
    tagged = sync(source, repository.spec(branch="v1"))
    assert paths(tagged) == {"a.md"}
    assert sync(source, repository.spec(branch="v1"), since=tagged.revision).files == ()


@pytest.mark.parametrize(
    "branch", ["missing", "ma*", "-x", "--upload-pack=x", "", "a..b", "a b", "m\nain", "/main"]
)
def test_a_branch_that_is_not_there_is_refused(
    source: GitSource, repository: Repository, branch: str
) -> None:
    repository.commit({"a.md": "a\n"})
    with pytest.raises(SourceError) as refusal:
        source.check(repository.spec(branch=branch))
    assert refusal.value.code == "no_such_branch"


def test_an_empty_repository_is_refused(source: GitSource, repository: Repository) -> None:
    for branch in (None, "main"):
        with pytest.raises(SourceError) as refusal:
            source.check(repository.spec(branch=branch))
        assert refusal.value.code == "empty_repository"


def test_a_repository_whose_head_names_no_branch_wants_one_named(
    source: GitSource, repository: Repository
) -> None:
    repository.commit({"a.md": "a\n"})
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(SourceError) as refusal:
        source.check(repository.spec())
    assert refusal.value.code == "no_such_branch"
    assert paths(sync(source, repository.spec(branch="main"))) == {"a.md"}


def test_a_repository_of_the_other_hash_is_read(source: GitSource, root: Path) -> None:
    repository = Repository.create(root / "sha256", "--object-format=sha256")
    first = repository.commit({"a.md": "a\n"})
    assert len(first) == 64
    assert paths(sync(source, repository.spec())) == {"a.md"}
    repository.commit({"b.md": "b\n"})
    assert paths(sync(source, repository.spec(), since=first)) == {"b.md"}


def test_progress_is_told_in_sentences(source: GitSource, repository: Repository) -> None:
    repository.commit({"a.md": "a\n"})
    told: list[str] = []
    source.changes(source.check(repository.spec()), source_id="s1", since=None, report=told.append)
    assert told[:2] == ["Asking the repository for its latest commit", "Fetching"]


def test_a_removed_source_leaves_nothing_behind(
    source: GitSource, repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"a.md": "a\n"})
    sync(source, repository.spec())
    source.remove("s1")
    source.remove("never-there")
    assert [path.name for path in (tmp_path / "clones").iterdir()] == [".gitconfig"]


@pytest.mark.parametrize("source_id", ["", "../up", "a/b", "a.b", "x" * 101])
def test_a_source_id_is_no_path(source: GitSource, repository: Repository, source_id: str) -> None:
    repository.commit({"a.md": "a\n"})
    with pytest.raises(ValueError, match="source id"):
        sync(source, repository.spec(), source_id=source_id)

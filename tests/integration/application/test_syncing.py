"""Sources through the whole application: after each sync only what changed was read and embedded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from src.agents.ingestion import SourcesAgent
from src.core.caller import Caller
from src.core.errors import AppError
from src.core.messages.documents import ListPassages, ReadDocument
from src.core.messages.questions import Filters, Search
from src.core.messages.sources import (
    DeleteSource,
    GetSource,
    ListSkipped,
    ListSources,
    SourceState,
)
from src.database.models import DocumentRecord, PassageRecord, SourceRecord
from tests.support.application import wait_for
from tests.support.git import Repository
from tests.support.yard import Yard

FIRST = {
    "src/pump.py": "def pump(water):\n    '''Move water uphill.'''\n    return water.lift(3)\n",
    "src/gate.py": "def gate(sheep):\n    '''Let the sheep through.'''\n    return sheep.through()\n",
    "docs/barn.md": "# Barn\n\nThe barn holds hay for the winter.\n",
    "docs/plough.txt": "# Plough\n\nThe plough turns the field in spring.\n",
    "web/app.min.js": "var a=1;" * 50,
    "empty.txt": "",
}


@pytest.fixture(scope="module")
def farm(yard: Yard) -> tuple[Repository, str, str]:
    """A repository, the collection that follows it, and the source."""
    repository = Repository.create(yard.root / "sources" / "farm")
    repository.commit(FIRST)
    collection_id = yard.collection("Farm")
    return repository, collection_id, yard.follow(collection_id, "git", repository.path)


def test_the_first_sync_reads_everything_but_what_is_left_out(
    yard: Yard, farm: tuple[Repository, str, str]
) -> None:
    repository, collection_id, source_id = farm
    source = yard.ask(GetSource(source_id=source_id))
    assert (source.state, source.last_commit, source.error) == (SourceState.READY, repository.head(), None)
    assert (source.counts.files, source.counts.added, source.counts.skipped) == (4, 4, 2)
    skipped = {item.path: item.code for item in yard.ask(ListSkipped(source_id=source_id)).items}
    assert skipped == {"web/app.min.js": "minified", "empty.txt": "empty"}
    documents = yard.documents(collection_id)
    assert documents.keys() == FIRST.keys() - skipped.keys()
    assert {document.commit for document in documents.values()} == {repository.head()}
    assert yard.paths("move water uphill", collection_id)[0] == "src/pump.py"
    assert yard.sound(collection_id)


def test_a_sync_without_a_new_commit_does_nothing(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    _, collection_id, source_id = farm
    before = yard.documents(collection_id)
    source = yard.sync(source_id)
    assert (source.counts.unchanged, source.counts.added, source.counts.changed) == (4, 0, 0)
    assert source.counts.skipped == 2
    assert yard.documents(collection_id) == before
    assert yard.embedder.texts == []


def test_only_a_changed_file_is_embedded_again(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    repository, collection_id, source_id = farm
    before = yard.documents(collection_id)
    commit = repository.commit({"docs/barn.md": "# Barn\n\nThe barn holds straw and two tractors.\n"})
    source = yard.sync(source_id)
    assert (source.last_commit, source.counts.changed, source.counts.unchanged) == (commit, 1, 3)
    assert len(yard.embedder.texts) == 1
    assert "tractors" in yard.embedder.texts[0]
    after = yard.documents(collection_id)
    assert after["docs/barn.md"].id == before["docs/barn.md"].id
    assert after["docs/barn.md"].commit == commit
    assert {name for name in after if after[name] != before[name]} == {"docs/barn.md"}
    assert yard.paths("hay for the winter", collection_id)[:1] == ["docs/barn.md"]
    assert yard.sound(collection_id)


def test_a_renamed_file_keeps_its_document(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    repository, collection_id, source_id = farm
    before = yard.documents(collection_id)
    repository.commit({"src/gate.py": None, "lib/turnstile.py": FIRST["src/gate.py"]})
    source = yard.sync(source_id)
    counts = source.counts
    assert (counts.renamed, counts.changed, counts.deleted, counts.unchanged) == (1, 0, 0, 3)
    assert yard.embedder.texts == []
    after = yard.documents(collection_id)
    assert "src/gate.py" not in after
    assert after["lib/turnstile.py"].id == before["src/gate.py"].id
    assert (after["lib/turnstile.py"].path, after["lib/turnstile.py"].title) == ("lib/turnstile.py",) * 2
    passages = yard.ask(ListPassages(document_id=after["lib/turnstile.py"].id)).items
    assert {(passage.location.path, passage.location.commit) for passage in passages} == {
        ("lib/turnstile.py", repository.head())
    }
    assert yard.paths("turnstile", collection_id)[0] == "lib/turnstile.py"
    named = Search(query="sheep", collection_ids=(collection_id,), filters=Filters(path="lib/**"))
    assert [hit.document_id for hit in yard.ask(named).hits] == [after["lib/turnstile.py"].id]
    assert yard.application.adapters.lexical.search(live_index(yard, collection_id), "turnstile", 5)


def test_a_file_renamed_to_another_format_is_parsed_as_that(
    yard: Yard, farm: tuple[Repository, str, str]
) -> None:
    repository, collection_id, source_id = farm
    before = yard.documents(collection_id)["docs/plough.txt"]
    repository.commit({"docs/plough.txt": None, "docs/plough.md": FIRST["docs/plough.txt"]})
    yard.sync(source_id)
    after = yard.documents(collection_id)["docs/plough.md"]
    assert (before.format, after.format, after.id) == ("text", "markdown", before.id)
    (passage,) = yard.ask(ListPassages(document_id=after.id)).items
    assert passage.location.heading_path == ("Plough",)
    assert yard.sound(collection_id)


def test_the_same_bytes_under_another_name_are_shown_as_they_are_read_now(yard: Yard) -> None:
    page = "<html>\n<style>\n\n</style>\n<body>\n\n<p>The mill grinds rye.</p>\n</body>\n</html>\n"
    repository = Repository.create(yard.root / "sources" / "mill")
    repository.commit({"mill.txt": page})
    collection_id = yard.collection("Mill")
    source_id = yard.follow(collection_id, "git", repository.path)
    for name in ("mill.html", "mill.txt"):
        repository.git("mv", *sorted({"mill.html", "mill.txt"} - {name}), name)
        repository.commit()
        yard.sync(source_id)
        document = yard.documents(collection_id)[name]
        for passage in yard.ask(ListPassages(document_id=document.id)).items:
            read = yard.ask(ReadDocument(document_id=document.id, passage_id=passage.id))
            first, last = passage.location.start_line or 0, passage.location.end_line or 0
            assert "\n".join(read.text.split("\n")[first - 1 : last]) == passage.text
            assert (read.extracted, read.language) == (name.endswith("html"), name[5:].replace("txt", "text"))


def test_a_left_out_file_that_is_renamed_is_no_longer_listed(
    yard: Yard, farm: tuple[Repository, str, str]
) -> None:
    repository, collection_id, source_id = farm
    script = (repository.path / "web/app.min.js").read_bytes()
    repository.commit({"web/app.min.js": None, "web/notes.txt": script})
    yard.sync(source_id)
    listed = {item.path for item in yard.ask(ListSkipped(source_id=source_id)).items}
    assert "web/app.min.js" not in listed
    assert ("web/notes.txt" in listed) != ("web/notes.txt" in yard.documents(collection_id))


def test_a_deleted_file_leaves_sql_and_the_indexes(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    repository, collection_id, source_id = farm
    document = yard.documents(collection_id)["src/pump.py"]
    repository.commit({"src/pump.py": None})
    source = yard.sync(source_id)
    assert source.counts.deleted == 1
    assert yard.embedder.texts == []
    assert "src/pump.py" not in yard.documents(collection_id)
    assert "src/pump.py" not in yard.paths("move water uphill", collection_id)
    with yard.application.database.read() as work:
        gone = select(PassageRecord.id).where(PassageRecord.document_id == document.id)
        assert work.session.scalars(gone).all() == []
    wait_for(lambda: yard.sound(collection_id))


def test_a_force_push_is_followed(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    repository, collection_id, source_id = farm
    before = yard.documents(collection_id)
    repository.git("checkout", "--quiet", "--orphan", "anew")
    repository.git("rm", "-rf", "--quiet", ".")
    commit = repository.commit(
        {"docs/barn.md": "# Barn\n\nThe barn holds straw and two tractors.\n", "well.md": "# Well\n\nDeep.\n"}
    )
    repository.git("branch", "-D", "main")
    repository.git("branch", "-m", "main")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    source = yard.sync(source_id)
    assert source.last_commit == commit
    after = yard.documents(collection_id)
    assert after.keys() == {"docs/barn.md", "well.md"}
    assert after["docs/barn.md"].id == before["docs/barn.md"].id
    assert len(yard.embedder.texts) == 1
    wait_for(lambda: yard.sound(collection_id))


def test_the_schedule_queues_a_sync(yard: Yard, farm: tuple[Repository, str, str]) -> None:
    repository, _, _ = farm
    collection_id = yard.collection("Scheduled")
    source_id = yard.follow(collection_id, "git", repository.path, schedule="15m")
    source = yard.ask(GetSource(source_id=source_id))
    assert source.next_run_at is not None
    assert source.last_run_at is not None
    assert timedelta(minutes=14) < source.next_run_at - source.created_at < timedelta(minutes=16)
    commit = repository.commit({"new.md": "# New\n\nThere is a duck on the pond.\n"})
    with yard.application.database.begin() as work:
        work.session.get_one(SourceRecord, source_id).next_run_at = work.now() - timedelta(seconds=1)
        work.commit()
    (agent,) = [a for a in yard.application.orchestrator.agents if isinstance(a, SourcesAgent)]
    agent.sync_scheduled(yard.application.orchestrator.context(Caller.agent(agent.name)))
    queued = yard.ask(GetSource(source_id=source_id))
    assert queued.last_job_id not in {None, source.last_job_id}
    assert queued.next_run_at is not None
    assert queued.next_run_at > yard.application.clock.now()
    yard.finished(queued.last_job_id or "")
    assert yard.ask(GetSource(source_id=source_id)).last_commit == commit
    assert "new.md" in yard.documents(collection_id)


def test_a_deleted_source_takes_its_documents_and_its_clone(
    yard: Yard, farm: tuple[Repository, str, str]
) -> None:
    repository, _, _ = farm
    collection_id = yard.collection("Brief")
    source_id = yard.follow(collection_id, "git", repository.path)
    yard.upload(collection_id, {"own.txt": "An upload stays when the source goes."})
    clones = yard.root / "data" / "clones"
    assert [path for path in clones.iterdir() if source_id in path.name]
    yard.ask(DeleteSource(source_id=source_id))
    assert yard.documents(collection_id).keys() == {"own.txt"}
    assert yard.ask(ListSources(collection_id=collection_id)).items == ()
    with pytest.raises(AppError) as caught:
        yard.ask(GetSource(source_id=source_id))
    assert caught.value.code == "not_found"
    wait_for(lambda: not [path for path in clones.iterdir() if source_id in path.name])
    wait_for(lambda: yard.sound(collection_id))
    with yard.application.database.read() as work:
        left = select(DocumentRecord.id).where(DocumentRecord.source_id == source_id)
        assert work.session.scalars(left).all() == []


def live_index(yard: Yard, collection_id: str) -> str:
    with yard.application.database.read() as work:
        index = work.indexes.live(collection_id)
        assert index is not None
        return index.id

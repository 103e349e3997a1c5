"""Reading what an answer cited, also after the file has changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from src.core.errors import AppError
from src.core.messages.documents import ListDocuments, ListPassages, ReadDocument
from src.core.messages.questions import Answer, AskQuestion
from src.core.messages.sources import AddSource, SyncSource
from tests.support.application import House, make_settings, running
from tests.support.git import Repository

OLD = "# Tower\n\nA tower.\n\n# Height\n\nThe lighthouse tower is forty metres high.\n"
NEW = "# Preface\n\nNew.\n\n# Tower\n\nA tower.\n\n# Height\n\nThe lighthouse tower is ninety metres high.\n"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    root = tmp_path_factory.mktemp("reading")
    with running(make_settings(root / "data", folder_roots=(root,))) as application:
        yield House(application)


def lines(text: str, first: int | None, last: int | None) -> str:
    assert first is not None
    assert last is not None
    return "\n".join(text.splitlines()[first - 1 : last])


def ask(house: House, collection_id: str) -> Answer:
    question = "How high is the lighthouse tower?"
    return house.ask(AskQuestion(question=question, collection_ids=(collection_id,)))


def test_a_cited_version_is_read_after_the_file_was_replaced(house: House) -> None:
    collection_id = house.collection("Uploads")
    house.upload(collection_id, {"tower.md": OLD})
    answer = ask(house, collection_id)
    citation = next(one for one in answer.citations if "forty" in one.quote)
    cited = ReadDocument(document_id=citation.document_id, answer_id=answer.answer_id, marker=citation.marker)
    now = house.ask(cited)
    assert (now.text, now.newer, now.passage_id) == (OLD, False, citation.passage_id)

    house.upload(collection_id, {"tower.md": NEW})
    then = house.ask(cited)
    assert (then.text, then.newer) == (OLD, True)
    assert then.marked is not None
    assert citation.quote in lines(then.text, then.marked.start_line, then.marked.end_line)
    current = house.ask(ReadDocument(document_id=citation.document_id))
    assert (current.text, current.newer, current.marked) == (NEW, False, None)
    with pytest.raises(AppError) as caught:
        house.ask(ReadDocument(document_id=citation.document_id, passage_id=citation.passage_id))
    assert caught.value.code == "not_found"
    with pytest.raises(AppError) as caught:
        house.ask(cited.model_copy(update={"marker": "99"}))
    assert caught.value.code == "not_found"


def test_a_passage_is_marked_where_it_stands(house: House) -> None:
    collection_id = house.collection("Marks")
    job = house.upload(collection_id, {"tower.md": NEW})
    assert job.done == 1
    answer = ask(house, collection_id)
    document_id = answer.passages[0].document_id
    for passage in house.ask(ListPassages(document_id=document_id)).items:
        read = house.ask(ReadDocument(document_id=document_id, passage_id=passage.id))
        assert read.marked == passage.location
        assert passage.text.strip() in lines(NEW, passage.location.start_line, passage.location.end_line)


def test_a_cited_commit_is_read_after_the_repository_went_on(house: House, tmp_path: Path) -> None:
    root = house.application.settings.data_dir.parent
    repository = Repository.create(root / "lighthouse")
    first = repository.commit({"tower.md": OLD})
    collection_id = house.collection("Repository")
    added = house.ask(AddSource(collection_id=collection_id, kind="git", location=str(repository.path)))
    house.finished(added.job_id)
    answer = ask(house, collection_id)
    citation = next(one for one in answer.citations if "forty" in one.quote)
    assert citation.location.commit == first

    second = repository.commit({"tower.md": NEW})
    house.finished(house.ask(SyncSource(source_id=added.source_id)).job_id)
    cited = ReadDocument(document_id=citation.document_id, answer_id=answer.answer_id, marker=citation.marker)
    then = house.ask(cited)
    assert (then.text, then.newer, then.commit) == (OLD, True, first)
    assert then.marked is not None
    assert citation.quote in lines(then.text, then.marked.start_line, then.marked.end_line)
    assert house.ask(ReadDocument(document_id=citation.document_id)).commit == second


def test_the_viewer_reads_the_characters_that_the_parser_read(house: House) -> None:
    collection_id = house.collection("Encodings")
    python = "# -*- coding: koi8-r -*-\n'''Маяк стоит на скале.'''\n"
    files: dict[str, bytes | str] = {
        "lamp.py": python.encode("koi8-r"),
        "lamp.txt": "The “lamp” was lit – at last.\n".encode("cp1252"),
        "wide.txt": "The lamp was lit at last.\n".encode("utf-16-le"),
    }
    house.upload(collection_id, files)
    texts = {
        document.external_id: house.ask(ReadDocument(document_id=document.id)).text
        for document in house.ask(ListDocuments(collection_id=collection_id)).items
    }
    assert texts == {
        "lamp.py": python,
        "lamp.txt": "The “lamp” was lit – at last.\n",
        "wide.txt": "The lamp was lit at last.\n",
    }

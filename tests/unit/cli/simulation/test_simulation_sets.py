"""Reading labelled sets, and saying what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from src.cli.exits import UsageError
from src.cli.simulation.labelled import read_set
from src.core.errors import NotFoundError

CORPUS = '{"id": "d1", "title": "A", "text": "one"}\n{"_id": "d2", "text": "two"}\n'
QUERIES = '{"id": "q1", "text": "What is one?"}\n{"id": "q2", "text": "What is two?", "group": "g"}\n'
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\n"


def write(folder: Path, *, corpus: str = CORPUS, queries: str = QUERIES, qrels: str = QRELS) -> Path:
    (folder / "corpus.jsonl").write_text(corpus, encoding="utf-8")
    (folder / "queries.jsonl").write_text(queries, encoding="utf-8")
    (folder / "qrels.tsv").write_text(qrels, encoding="utf-8")
    return folder


def test_a_set_is_read_with_its_grades_and_groups(tmp_path: Path) -> None:
    found = read_set(write(tmp_path))
    assert [(d.id, d.title, d.text) for d in found.documents] == [("d1", "A", "one"), ("d2", "", "two")]
    assert [(q.id, dict(q.labels), q.group) for q in found.questions] == [
        ("q1", {"d1": 1.0}, "q1"),
        ("q2", {"d2": 2.0}, "g"),
    ]
    assert (found.name, found.left_out) == (tmp_path.name, 0)


def test_labels_without_a_header_are_read_from_the_first_line(tmp_path: Path) -> None:
    found = read_set(write(tmp_path, qrels="q1\td1\t1\nq2\td2\t1\n"))
    assert [question.id for question in found.questions] == ["q1", "q2"]


def test_questions_that_nothing_answers_are_left_out_and_counted(tmp_path: Path) -> None:
    found = read_set(write(tmp_path, qrels="q1\td1\t1\nq2\td9\t1\n"))
    assert ([question.id for question in found.questions], found.left_out) == (["q1"], 1)


def test_the_same_question_twice_is_one_with_the_labels_of_both(tmp_path: Path) -> None:
    twice = '{"id": "q1", "text": "What is it?"}\n{"id": "q2", "text": " what IS  it? "}\n'
    (question,) = read_set(write(tmp_path, queries=twice)).questions
    assert dict(question.labels) == {"d1": 1.0, "d2": 2.0}


def test_a_document_without_text_has_its_title_and_without_either_is_none(tmp_path: Path) -> None:
    bare = '{"id": "d1", "title": "Only a title", "text": " "}\n{"id": "d2", "title": "", "text": ""}\n'
    found = read_set(write(tmp_path, corpus=bare))
    assert [(document.id, document.text) for document in found.documents] == [("d1", "Only a title")]
    assert ([question.id for question in found.questions], found.left_out) == (["q1"], 1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "qrels.tsv").unlink()
    with pytest.raises(NotFoundError, match=r"qrels\.tsv is missing"):
        read_set(tmp_path)
    with pytest.raises(NotFoundError, match=r"corpus\.jsonl, queries\.jsonl, qrels\.tsv are missing"):
        read_set(tmp_path / "nowhere")


def test_labels_may_stand_in_a_folder_divided_as_beir_divides_them(tmp_path: Path) -> None:
    (write(tmp_path) / "qrels.tsv").unlink()
    (tmp_path / "qrels").mkdir()
    for name, line in (("train", "q1\td1\t1"), ("test", "q2\td2\t1")):
        (tmp_path / "qrels" / f"{name}.tsv").write_text(f"query-id\tcorpus-id\tscore\n{line}\n")
    assert [dict(question.labels) for question in read_set(tmp_path).questions] == [{"d1": 1.0}, {"d2": 1.0}]


def test_without_documents_a_set_is_its_questions(tmp_path: Path) -> None:
    (write(tmp_path, qrels="q1\tmanual/keys.md\t1\n") / "corpus.jsonl").unlink()
    found = read_set(tmp_path, with_documents=False)
    assert (found.documents, found.left_out) == ((), 1)
    assert [dict(question.labels) for question in found.questions] == [{"manual/keys.md": 1.0}]
    with pytest.raises(NotFoundError, match=r"corpus\.jsonl is missing"):
        read_set(tmp_path)


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"corpus": CORPUS + "{not json\n"}, r"corpus\.jsonl, line 3: not a JSON object"),
        ({"corpus": '["d1"]\n'}, r"corpus\.jsonl, line 1: not a JSON object"),
        ({"corpus": '{"id": "d1"}\n'}, r'corpus\.jsonl, line 1: it has no "text"'),
        ({"queries": '\n{"text": "x"}\n'}, r'queries\.jsonl, line 2: not a JSON object with an "id"'),
        ({"queries": '{"id": "q1", "text": " "}\n'}, r"queries\.jsonl, line 1: the question is empty"),
        ({"qrels": QRELS + "q1 d1 1\n"}, r"qrels\.tsv, line 4: not a query, a document and a grade"),
        ({"qrels": QRELS + "q1\td1\tgood\n"}, r"qrels\.tsv, line 4"),
        ({"qrels": QRELS + "q1\td1\tinf\n"}, r"qrels\.tsv, line 4"),
        ({"qrels": "query-id\tcorpus-id\tscore\n"}, "no question has a right document"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, broken: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_set(write(tmp_path, **broken))


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes(b'{"id": "d1", "text": "\xff"}\n')
    with pytest.raises(UsageError, match="not UTF-8"):
        read_set(tmp_path)

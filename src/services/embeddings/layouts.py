"""Reading a model folder of the sentence-transformers layout."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from src.core.errors import ConfigurationError

from .models import ModelFiles, Pooling

_SAFETENSORS = "model.safetensors"
_ONNX = ("model.onnx", "onnx/model.onnx")
_READABLE_MODULES = frozenset({"Transformer", "Pooling", "Normalize"})
_DEFAULT_TOKENS = 512
# The pooling modes of the older layout; the newer one names the mode itself.
_FLAGS = {"pooling_mode_mean_tokens": Pooling.MEAN, "pooling_mode_cls_token": Pooling.CLS}


def read_folder(folder: Path, *, name: str | None = None) -> ModelFiles:
    """Describe the model in ``folder``: BERT weights as safetensors, or else an ONNX file.

    Vectors always get unit length, whether or not the folder lists a normalising module: cosine ranks
    them the same. Raises ConfigurationError where a part is missing or of a kind that is not supported.
    """
    if not folder.is_dir():
        raise ConfigurationError(f"The embedding model folder {folder} does not exist.")
    config = _read(folder / "config.json")
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise ConfigurationError(f"The embedding model folder {folder} has no tokenizer.json.")
    weights = find_weights(folder)
    if weights is None:
        raise ConfigurationError(
            f"The embedding model folder {folder} has neither {_SAFETENSORS} of a BERT encoder (with its "
            f"config.json) nor {_ONNX[0]}. Other kinds of model have to be exported to ONNX first."
        )
    prompts = _read(folder / "config_sentence_transformers.json").get("prompts") or {}
    return ModelFiles(
        name=name or folder.resolve().name,
        weights=weights,
        tokenizer=tokenizer,
        pooling=_pooling(folder),
        max_tokens=_max_tokens(folder, config),
        config=config,
        query_prompt=prompts.get("query") or "",
        passage_prompt=prompts.get("document") or prompts.get("passage") or "",
    )


def find_weights(folder: Path) -> Path | None:
    """The file of ``folder`` to make vectors with: BERT weights, or else an ONNX file."""
    if _read(folder / "config.json").get("model_type") == "bert" and (folder / _SAFETENSORS).is_file():
        return folder / _SAFETENSORS
    return next((folder / file for file in _ONNX if (folder / file).is_file()), None)


def _read(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is no such file."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The model file {path} cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ConfigurationError(f"The model file {path} does not hold a JSON object.")
    return value


def _max_tokens(folder: Path, config: dict[str, Any]) -> int:
    stated = _read(folder / "sentence_bert_config.json").get("max_seq_length")
    places = config.get("max_position_embeddings") or _DEFAULT_TOKENS
    return int(min(stated or places, places))


def _pooling(folder: Path) -> Pooling:
    """The pooling of ``modules.json``; mean for a folder that says nothing."""
    try:
        modules = json.loads((folder / "modules.json").read_bytes())
        kinds = {module["type"].rsplit(".", 1)[-1]: module["path"] for module in modules}
    except FileNotFoundError:
        return Pooling.MEAN
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"{folder / 'modules.json'} cannot be read: {error!r}") from error
    unknown = sorted(kinds.keys() - _READABLE_MODULES)
    if unknown:
        raise ConfigurationError(
            f"The embedding model in {folder} has parts that Stoa does not know: {', '.join(unknown)}. "
            "Use a model of a transformer and a pooling alone, or export the whole of it to ONNX."
        )
    settings = _read(folder / kinds["Pooling"] / "config.json") if "Pooling" in kinds else {}
    if not settings:
        return Pooling.MEAN
    modes = {str(mode) for flag, mode in _FLAGS.items() if settings.get(flag)}
    modes |= {key for key, on in settings.items() if key.startswith("pooling_mode_") and on} - _FLAGS.keys()
    if "pooling_mode" in settings:
        modes = {settings["pooling_mode"]}
    if modes not in ({Pooling.MEAN}, {Pooling.CLS}):
        raise ConfigurationError(
            f"The embedding model in {folder} pools by {', '.join(sorted(map(str, modes))) or 'nothing'}; "
            "Stoa knows mean and cls."
        )
    return Pooling(modes.pop())

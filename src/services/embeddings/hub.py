"""Models by their Hugging Face name: from the local cache folder, else downloaded where that is possible."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from src.core.errors import ConfigurationError

from .layouts import find_weights, read_folder
from .models import ModelFiles

log = logging.getLogger(__name__)

_NAME = re.compile(r"(?P<name>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>[\w./-]+))?")
_DESCRIPTION = [
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "tokenizer.json",
    "*_Pooling/config.json",
]
_ONNX = ["model.onnx", "model.onnx_data", "onnx/model.onnx", "onnx/model.onnx_data"]


def is_hub_name(name: str) -> bool:
    """Whether ``name`` has the form ``owner/model`` or ``owner/model@revision``."""
    return _NAME.fullmatch(name) is not None


def fetch(name: str, *, cache_dir: Path | None = None, endpoint: str | None = None) -> ModelFiles:
    """The files of ``owner/model@revision``; ``cache_dir`` defaults to the user's Hugging Face cache.

    ``endpoint`` is the hub's address where it is not the usual one. What is cached is used without asking
    the network, and only formats that hold numbers and no code are fetched. Raises ConfigurationError
    where the model is not cached and cannot be downloaded.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigurationError(f"{name!r} is not a Hugging Face model name (owner/model).")
    try:
        import huggingface_hub
    except ImportError:
        raise ConfigurationError(
            f"The embedding model {name!r} is a Hugging Face name, and the package huggingface_hub is not "
            "installed. Install it, or name a local folder."
        ) from None

    def snapshot(**choices: Any) -> Path:
        where: dict[str, Any] = {"revision": match["revision"], "cache_dir": cache_dir, "endpoint": endpoint}
        return Path(huggingface_hub.snapshot_download(match["name"], **where, **choices))

    label = match["name"].rsplit("/", 1)[-1]
    try:
        cached = snapshot(local_files_only=True)
        if (cached / "tokenizer.json").is_file() and find_weights(cached):
            return read_folder(cached, name=label)
    except (OSError, ValueError):
        log.info("the model %s is not in the local cache; downloading it", name)
    try:
        folder = snapshot(allow_patterns=[*_DESCRIPTION, "model.safetensors"])
        if find_weights(folder) is None:
            folder = snapshot(allow_patterns=[*_DESCRIPTION, *_ONNX])
    except Exception as error:
        raise ConfigurationError(
            f"The embedding model {name!r} is not in the local cache and could not be downloaded "
            f"({type(error).__name__}). Check the name and the network, or copy the model's folder to this "
            "machine and name that folder as the embedding model."
        ) from error
    return read_folder(folder, name=label)

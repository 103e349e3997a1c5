"""A trained model as one file: a zip of the files of its folder, the same bits for the same files."""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from pathlib import Path

from src.core.errors import ConfigurationError

from .task import WEIGHTS

_DESCRIPTION = (
    "config.json",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "tokenizer.json",
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(base: Path, weights: Path) -> bytes:
    """The folder of the ``base`` model with other weights."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name in _DESCRIPTION:
            if (base / name).is_file():
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), (base / name).read_bytes())
        archive.writestr(zipfile.ZipInfo(WEIGHTS, _EPOCH), weights.read_bytes())
    return file.getvalue()


def remove(*folders: Path) -> None:
    """Remove the folders that an unpacked model was served from; one that is not there is no error."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def unpack(content: bytes, digest: str, cache: Path) -> Path:
    """The folder of a packed model below ``cache``; made once, and whole or not at all.

    Raises ConfigurationError where the bytes hold anything else, or cannot be written.
    """
    target = cache / digest
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".making-", dir=cache))
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for name in archive.namelist():
                    if name not in (*_DESCRIPTION, WEIGHTS):
                        raise ConfigurationError(f"A trained model holds a file {name!r} that it should not.")
                    (made / name).parent.mkdir(parents=True, exist_ok=True)
                    (made / name).write_bytes(archive.read(name))
            made.chmod(0o755)
            if not target.is_dir():
                made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except (OSError, zipfile.BadZipFile) as error:
        if target.is_dir():
            return target
        raise ConfigurationError(f"The trained model {digest} cannot be unpacked: {error}") from error
    return target

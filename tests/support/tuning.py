"""The child process of a fine-tune where torch is not installed: ``python -m tests.support.tuning FOLDER``
moves the weights of the task in FOLDER a little, and leaves what the real one leaves."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from src.services.embeddings.embedder import OnnxEmbedder
from src.services.embeddings.layouts import read_folder
from src.services.training.bundle import pack, unpack
from src.services.training.child import Tuner
from src.services.training.task import LOSSES, VECTORS, WEIGHTS, TuningTask

_SHIFT = 0.02
_MOVED = "encoder.layer.5.output.dense.weight"


def stand_in(folder: Path) -> Tuner:
    """A tuner whose process is this one."""
    program = folder / "tuning.sh"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tests.support.tuning "$3"\n')
    program.chmod(0o755)
    return Tuner(python=str(program))


def main() -> None:
    folder = Path(sys.argv[1])
    task = TuningTask.read(folder)
    base = Path(task.weights)
    tensors = load_file(base)
    name = next(name for name in tensors if name.endswith(_MOVED))
    noise = np.random.default_rng(len(task.pairs)).standard_normal(tensors[name].shape)
    tensors[name] = (tensors[name] * (1 + _SHIFT * noise)).astype(np.float32)
    steps = 3
    for step in range(1, steps + 1):
        print(json.dumps({"step": step, "steps": steps, "loss": 1.0 / step}), flush=True)
    moved = folder / "moved.safetensors"
    save_file(tensors, moved, metadata={"format": "pt"})
    unpacked = unpack(pack(base.parent, moved), "moved", folder)
    embedder = OnnxEmbedder(
        read_folder(unpacked, name="moved"), threads=1, precision="float32", cache_dir=folder / "graphs"
    )
    np.save(folder / VECTORS, embedder.embed_passages(task.samples))
    (folder / LOSSES).write_text(json.dumps([1.0 / step for step in range(1, steps + 1)]))
    shutil.rmtree(folder / "graphs", ignore_errors=True)
    moved.replace(folder / WEIGHTS)


if __name__ == "__main__":
    main()

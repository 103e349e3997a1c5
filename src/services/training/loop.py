"""The child process: ``python -m src.services.training.loop FOLDER MEMORY_BYTES`` carries out the task there.

It tells of each step in a JSON line on its standard output, goes on from its last checkpoint, and ends when
its parent does. Same task, same machine, same bits, however often it was cut short.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from src.services.embeddings.tokens import WordPieces

from .encoder import BertEncoder
from .task import CHECKPOINT, LOSSES, VECTORS, WEIGHTS, Pair, TuningTask, batches

_UNUSED = ("embeddings.position_ids", "pooler.")
LONGEST = 256
"""Word pieces of a sample: as many as serving reads."""


class Tuning:
    """One run, from its task or its last checkpoint to the trained weights."""

    def __init__(self, folder: Path, task: TuningTask) -> None:
        import torch
        from safetensors.torch import load_file

        self._torch: Any = torch
        self._folder = folder
        self._task = task
        settings = task.settings
        self._tokens = WordPieces(Path(task.tokenizer), settings.max_tokens)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(task.seed)
        tensors = {name.removeprefix("bert."): value for name, value in load_file(task.weights).items()}
        self._encoder = BertEncoder(
            task.config,
            {name: value.float() for name, value in tensors.items() if not name.startswith(_UNUSED)},
            pooling=task.pooling,
            dropout=settings.dropout,
            device=self._device,
        )
        self._plan = self._batches()
        self._optimizer: Any = torch.optim.AdamW(
            self._encoder.learned, lr=settings.rate, weight_decay=settings.decay
        )
        self._schedule: Any = torch.optim.lr_scheduler.LambdaLR(self._optimizer, self._rate)
        self._losses: list[float] = []

    def carry_out(self) -> None:
        self._resume()
        self._encoder.training = True
        parent = os.getppid()
        for step in range(len(self._losses), len(self._plan)):
            if os.getppid() != parent:
                sys.exit("the parent is gone")
            self._losses.append(self._step(self._plan[step]))
            _tell(step=step + 1, steps=len(self._plan), loss=self._losses[-1])
            if (step + 1) % self._task.settings.checkpoint_steps == 0:
                self._checkpoint()
        self._checkpoint()
        self._export()

    def _batches(self) -> list[list[int]]:
        """The batches of every epoch, one after the other."""
        settings, pairs = self._task.settings, self._task.pairs
        order = np.random.default_rng(self._task.seed)
        return [
            batch
            for _ in range(settings.epochs_for(len(pairs)))
            for batch in batches(pairs, settings.batch, order.permutation(len(pairs)).tolist())
        ]

    def _rate(self, step: int) -> float:
        steps = max(1, len(self._plan))
        warm = max(1, round(self._task.settings.warm_up * steps))
        return min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))

    def _step(self, batch: list[int]) -> float:
        pairs = [self._task.pairs[place] for place in batch]
        asked, told = self._task.prompts
        questions = self._encoder.encode([self._tokens.encode(asked + pair.question) for pair in pairs])
        passages = self._encoder.encode([self._tokens.encode(told + pair.passage) for pair in pairs])
        torch = self._torch
        temperature = self._task.settings.temperature
        scores = self._with_negatives(questions @ passages.T / temperature, questions, pairs)
        losses = torch.nn.functional.cross_entropy(
            scores, torch.arange(len(pairs), device=scores.device), reduction="none"
        )
        weights = torch.tensor([pair.weight for pair in pairs], device=scores.device)
        loss = (losses * weights).sum() / weights.sum()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._encoder.learned, self._task.settings.clip)
        self._optimizer.step()
        self._schedule.step()
        value = float(loss.detach())
        if not np.isfinite(value):
            sys.exit("the loss is not a number any more")
        return value

    def _with_negatives(self, scores: Any, questions: Any, pairs: list[Pair]) -> Any:
        """One more column: each question against the passage mined for it, which tells the others nothing."""
        mined = [place for place, pair in enumerate(pairs) if pair.negative]
        if not mined:
            return scores
        told = self._task.prompts[1]
        texts = [told + (pairs[place].negative or "") for place in mined]
        wrong = self._encoder.encode([self._tokens.encode(text) for text in texts])
        column = self._torch.full((len(pairs), 1), -1e4, device=scores.device)
        column[mined, 0] = (questions[mined] * wrong).sum(1) / self._task.settings.temperature
        return self._torch.cat([scores, column], dim=1)

    def _checkpoint(self) -> None:
        torch = self._torch
        state: dict[str, Any] = {
            "encoder": self._encoder.weights,
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "random": torch.get_rng_state(),
            "random_cuda": torch.cuda.get_rng_state_all() if self._device == "cuda" else [],
            "losses": self._losses,
        }
        part = self._folder / f"{CHECKPOINT}.part"
        torch.save(state, part)
        part.replace(self._folder / CHECKPOINT)

    def _resume(self) -> None:
        path = self._folder / CHECKPOINT
        if not path.exists():
            return
        torch = self._torch
        state = torch.load(path, map_location="cpu", weights_only=True)
        self._encoder.load(state["encoder"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["random"])
        if self._device == "cuda":
            torch.cuda.set_rng_state_all(state["random_cuda"])
        self._losses = list(state["losses"])

    def _export(self) -> None:
        """The vectors of the samples, then the weights: where these are, all is."""
        from safetensors.torch import save_file

        self._encoder.training = False
        tokens = WordPieces(Path(self._task.tokenizer), LONGEST)
        told = self._task.prompts[1]
        with self._torch.no_grad():
            rows = [
                self._encoder.encode([tokens.encode(told + text)])[0].cpu().numpy()
                for text in self._task.samples
            ]
        np.save(self._folder / VECTORS, np.stack(rows) if rows else np.zeros((0, 0), np.float32))
        (self._folder / LOSSES).write_text(json.dumps(self._losses), encoding="utf-8")
        part = self._folder / f"{WEIGHTS}.part"
        weights = {name: value.detach().cpu().contiguous() for name, value in self._encoder.weights.items()}
        save_file(weights, part, metadata={"format": "pt"})
        part.replace(self._folder / WEIGHTS)


def _tell(**values: float) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def main() -> None:
    import resource

    # On a GPU the same bits take a workspace of a fixed size, which is read when its library is loaded.
    os.putenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch

    folder, memory = Path(sys.argv[1]), int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    os.nice(10)
    task = TuningTask.read(folder)
    torch.set_num_threads(task.threads)
    torch.use_deterministic_algorithms(True)
    Tuning(folder, task).carry_out()


if __name__ == "__main__":
    main()

"""The settings of a full fine-tune; the defaults are what gained on questions never trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TuningSettings:
    """Multiple negatives ranking loss over the passages of a batch (Henderson et al., "Efficient natural
    language response suggestion", 2017), AdamW with warm-up and linear decay. The embeddings of words and
    positions stay frozen. With ``negatives`` of 1 each question is also told from a passage mined for it.
    ``epochs`` None chooses by the number of pairs: fewer pairs, more epochs.
    """

    batch: int = 32
    rate: float = 2e-5
    decay: float = 0.01
    warm_up: float = 0.1
    clip: float = 1.0
    temperature: float = 0.05
    dropout: float = 0.1
    max_tokens: int = 128
    epochs: int | None = None
    negatives: int = 0
    checkpoint_steps: int = 20

    def epochs_for(self, pairs: int) -> int:
        """Passes over the pairs."""
        if self.epochs is not None:
            return self.epochs
        for most, epochs in ((175, 5), (375, 4), (1000, 3)):
            if pairs < most:
                return epochs
        return 2

"""The BERT encoder in torch, over the tensors of a safetensors file under their own names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Tensor = Any
"""A torch.Tensor; torch is imported where it is used, since only the child process has it."""

_FROZEN = ("embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight")


class BertEncoder:
    """Unit vectors of texts in batches. ``config`` is that of a ``config.json``; ``tensors`` are by name,
    without any prefix. With ``training`` it drops out."""

    def __init__(
        self,
        config: Mapping[str, Any],
        tensors: Mapping[str, Tensor],
        *,
        pooling: str,
        dropout: float,
        device: str = "cpu",
    ) -> None:
        import torch

        self._torch = torch
        self._functional: Any = torch.nn.functional
        self._device = device
        self.training = False
        self._layers: int = config["num_hidden_layers"]
        self._heads: int = config["num_attention_heads"]
        self._epsilon: float = config.get("layer_norm_eps", 1e-12)
        self._pooling = pooling
        self._dropout = dropout
        self.weights = {
            name: value.detach().clone().to(device).requires_grad_(name not in _FROZEN)
            for name, value in sorted(tensors.items())
            if value.is_floating_point()
        }

    @property
    def learned(self) -> list[Tensor]:
        """The weights that training changes, in a fixed order."""
        return [value for value in self.weights.values() if value.requires_grad]

    def load(self, weights: Mapping[str, Tensor]) -> None:
        """Take over the values of other weights."""
        with self._torch.no_grad():
            for name, value in weights.items():
                self.weights[name].copy_(value)

    def encode(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Texts as word pieces; returns ``(texts, hidden)``."""
        longest = max(len(text) for text in texts)
        torch = self._torch
        ids = torch.zeros((len(texts), longest), dtype=torch.long)
        mask = torch.zeros((len(texts), longest), dtype=torch.bool)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(text)
            mask[row, : len(text)] = True
        ids, mask = ids.to(self._device), mask.to(self._device)
        x = self._embedded(ids)
        for layer in range(self._layers):
            x = self._layer(x, mask, f"encoder.layer.{layer}")
        if self._pooling == "cls":
            return self._functional.normalize(x[:, 0], dim=-1)
        kept = mask.unsqueeze(-1).to(x.dtype)
        return self._functional.normalize((x * kept).sum(1) / kept.sum(1), dim=-1)

    def _embedded(self, ids: Tensor) -> Tensor:
        x = self.weights["embeddings.word_embeddings.weight"][ids]
        x = x + self.weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        x = x + self.weights["embeddings.token_type_embeddings.weight"][0]
        return self._dropped(self._norm(x, "embeddings.LayerNorm"))

    def _layer(self, x: Tensor, mask: Tensor, name: str) -> Tensor:
        query, key, value = (
            self._split(self._linear(x, f"{name}.attention.self.{part}"))
            for part in ("query", "key", "value")
        )
        mixed = self._functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=mask[:, None, None, :],
            dropout_p=self._dropout if self.training else 0.0,
        )
        joined = mixed.transpose(1, 2).reshape(x.shape)
        attended = self._dropped(self._linear(joined, f"{name}.attention.output.dense"))
        x = self._norm(x + attended, f"{name}.attention.output.LayerNorm")
        inner = self._functional.gelu(self._linear(x, f"{name}.intermediate.dense"))
        outer = self._dropped(self._linear(inner, f"{name}.output.dense"))
        return self._norm(x + outer, f"{name}.output.LayerNorm")

    def _split(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], self._heads, -1).transpose(1, 2)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return self._functional.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return self._functional.layer_norm(x, weight.shape, weight, bias, self._epsilon)

    def _dropped(self, x: Tensor) -> Tensor:
        return self._functional.dropout(x, self._dropout, self.training)

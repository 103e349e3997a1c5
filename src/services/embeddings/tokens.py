"""Word pieces of texts, by the model's own tokenizer."""

from __future__ import annotations

from pathlib import Path

from src.core.errors import ConfigurationError

# A word piece of ordinary text has about four characters; what lies so far behind the last piece that
# counts is not looked at, so that a text of a megabyte costs no more than a long paragraph.
_CHARACTERS_PER_TOKEN = 64
# A text of this length is taken apart in the time that it takes to change threads and back.
_SHORT_CHARACTERS = 300


class WordPieces:
    """A tokenizer without the truncation and padding that its file may have switched on.

    Every string is accepted: control characters and NUL are dropped by the tokenizer, and lone surrogates,
    which no encoding can carry, become replacement characters first. Threads may share one.
    """

    def __init__(self, path: Path, max_tokens: int) -> None:
        from tokenizers import Tokenizer

        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:
            raise ConfigurationError(f"The tokenizer {path} cannot be read: {error}") from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.max_tokens = max_tokens
        self.max_characters = max_tokens * _CHARACTERS_PER_TOKEN

    def encode(self, text: str) -> list[int]:
        """The text's first ``max_tokens`` word pieces, the closing special token last."""
        tokens = self._pieces(text[: self.max_characters])
        if len(tokens) > self.max_tokens:
            tokens = tokens[: self.max_tokens - 1] + tokens[-1:]
        return tokens

    def count(self, text: str) -> int:
        """All word pieces of the text, special tokens included."""
        return len(self._pieces(text))

    def _pieces(self, text: str) -> list[int]:
        encodable = _encodable(text)
        if len(encodable) <= _SHORT_CHARACTERS:
            found = self._tokenizer.encode(encodable)
        else:
            # A batch of one, because only batches let other Python threads run meanwhile.
            found = self._tokenizer.encode_batch_fast([encodable])[0]
        ids: list[int] = found.ids
        return ids


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text

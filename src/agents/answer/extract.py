"""The answer without a language model: the passages' own sentences and code, quoted and cited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

from src.core.messages.questions import Hit, Style
from src.core.ports import Embedder
from src.services.text.sentences import Unit, UnitKind, Words, split_units, unfenced

from .code import extract_code, gist_of, is_code, language_of, name_of, summary_of
from .draft import Cited, Delta, Item
from .markdown import code_span, fenced, quoted
from .prompt import named

MODEL = "extractive"
LEAD = "Quoted from the sources:"

_READ = 8
"""Passages that are read for sentences."""
_COMPARED = 40
"""Sentences that are embedded, in one batch."""
_LEXICAL = 0.35
_PASSAGE = 0.25
_KEEP = 0.8
"""A further source or sentence is quoted where it scores this share of the best."""
_SAME = 0.7
_FEWEST_WORDS = 2
_LONGEST = 700


@dataclass(frozen=True)
class Length:
    """How much an extract quotes."""

    sources: int
    sentences: int


LENGTHS = {Style.CONCISE: Length(1, 2), Style.DEFAULT: Length(3, 3), Style.DETAILED: Length(5, 4)}


@dataclass(frozen=True)
class _Candidate:
    """A sentence or a block of code of a passage, or the gist of a passage that is code itself."""

    hit: Hit
    start: int
    end: int
    words: frozenset[str]
    is_code: bool = False
    is_block: bool = False

    @property
    def text(self) -> str:
        return gist_of(self.hit) if self.is_code else self.hit.text[self.start : self.end]


class Extractor:
    """Chooses what to quote by sentence similarity and by shared words, weighted by their rarity."""

    def __init__(self, embedder: Embedder, words: Words) -> None:
        self._embedder = embedder
        self._words = words

    def extract(self, question: str, hits: Sequence[Hit], style: Style = Style.DEFAULT) -> Iterator[Item]:
        """The items of an answer made of quotations; none where no passage holds a sentence."""
        asked = frozenset(self._words(question))
        candidates = self._candidates(hits[:_READ])
        scored = self._scored(question, asked, candidates)
        chosen = _choose(scored, LENGTHS[style])
        if chosen:
            yield Delta(f"{LEAD}\n")
        for hit, group in chosen:
            if group[0].is_code:
                yield from self._code(hit, asked)
            else:
                yield from self._prose(hit, sorted(group, key=lambda candidate: candidate.start), asked)

    def _candidates(self, hits: Sequence[Hit]) -> list[_Candidate]:
        candidates = []
        for hit in hits:
            if is_code(hit):
                gist = frozenset(self._words(f"{gist_of(hit)} {hit.text}"))
                candidates.append(_Candidate(hit, 0, len(hit.text), gist, is_code=True))
                continue
            for unit in _quotable(hit.text):
                known = frozenset(self._words(unit.of(hit.text)))
                if len(known) >= _FEWEST_WORDS:
                    is_block = unit.kind is UnitKind.CODE
                    candidates.append(_Candidate(hit, unit.start, unit.end, known, is_block=is_block))
        return candidates

    def _scored(
        self, question: str, asked: frozenset[str], candidates: Sequence[_Candidate]
    ) -> list[tuple[float, _Candidate]]:
        """Each candidate with cosine + lexical share + standing of its passage, best first."""
        if not candidates:
            return []
        held_by = Counter(word for candidate in candidates for word in candidate.words & asked)
        rarity = {word: log(1 + len(candidates) / count) for word, count in held_by.items()}
        whole = sum(rarity.values()) or 1.0
        best = max((candidate.hit.score for candidate in candidates), default=1.0) or 1.0
        rough = []
        for candidate in candidates:
            lexical = sum(rarity[word] for word in candidate.words & asked) / whole
            standing = max(0.0, candidate.hit.score / best)
            rough.append((_LEXICAL * lexical + _PASSAGE * standing, candidate))
        rough.sort(key=lambda pair: -pair[0])
        rough = rough[:_COMPARED]
        vectors = self._embedder.embed_passages([candidate.text for _, candidate in rough])
        cosines = vectors @ self._embedder.embed_query(question)
        scored = [
            (score + float(cosine), candidate)
            for (score, candidate), cosine in zip(rough, cosines, strict=True)
        ]
        return sorted(scored, key=lambda pair: -pair[0])

    def _code(self, hit: Hit, asked: frozenset[str]) -> Iterator[Item]:
        extract = extract_code(hit.text, asked, self._words)
        summary = summary_of(hit)
        name = f"{code_span(name_of(hit))} in " if name_of(hit) else ""
        about = f": {quoted(summary)}" if summary else ""
        yield Delta(f"\n{name}{named(hit)}{about} [{hit.rank}]\n\n")
        yield Delta("\n\n…\n\n".join(fenced(block, language_of(hit)) for block in extract.blocks) + "\n")
        yield Cited(hit.rank, extract.blocks[-1])

    def _prose(self, hit: Hit, group: Sequence[_Candidate], asked: frozenset[str]) -> Iterator[Item]:
        """One block quote: the sentences in their order, a gap between them marked; then blocks of code."""
        sentences = [candidate for candidate in group if not candidate.is_block]
        parts: list[str] = []
        for before, candidate in zip([None, *sentences], sentences, strict=False):
            gap = before is not None and hit.text[before.end : candidate.start].strip()
            parts.append(("… " if gap else "") + quoted(candidate.text))
        yield Delta(f"\n> {' '.join(parts) or named(hit)} [{hit.rank}]\n")
        for candidate in group:
            if candidate.is_block:
                opening, body = candidate.text.partition("\n")[0], unfenced(candidate.text)
                blocks = extract_code(body, asked, self._words).blocks
                yield Delta("".join(f"\n{fenced(block, opening)}\n" for block in blocks))
        whole = hit.text[group[0].start : group[-1].end]
        yield Cited(hit.rank, whole if len(whole) <= _LONGEST else group[0].text)


def _quotable(text: str) -> Iterator[Unit]:
    """The units that can be quoted, a question together with the sentence that follows it."""
    asked: Unit | None = None
    for unit in split_units(text):
        if unit.kind is UnitKind.HEADING or unit.end - unit.start > _LONGEST:
            asked = None
        elif unit.kind is UnitKind.SENTENCE and unit.of(text).endswith("?"):
            asked = asked or unit
        else:
            joined = asked and unit.kind is UnitKind.SENTENCE and unit.end - asked.start <= _LONGEST
            yield Unit(asked.start, unit.end, unit.kind) if asked and joined else unit
            asked = None


def _choose(scored: Sequence[tuple[float, _Candidate]], length: Length) -> list[tuple[Hit, list[_Candidate]]]:
    """The best candidates grouped by passage, nothing said twice; the best document first, its passages
    in their order."""
    groups: dict[str, list[_Candidate]] = {}
    hits: dict[str, Hit] = {}
    said: list[frozenset[str]] = []
    for score, candidate in scored:
        if score < _KEEP * scored[0][0]:
            break
        key = candidate.hit.passage_id
        group = groups.get(key)
        full = len(group) >= length.sentences if group else len(groups) >= length.sources
        if full or any(_alike(candidate.words, words) for words in said):
            continue
        groups.setdefault(key, []).append(candidate)
        hits[key] = candidate.hit
        said.append(candidate.words)
    chosen = [(hits[key], group) for key, group in groups.items()]
    best = {hit.document_id: place for place, (hit, _) in reversed(list(enumerate(chosen)))}
    return sorted(chosen, key=lambda one: (best[one[0].document_id], one[0].location.start_line or 0))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= _SAME * len(one | other)

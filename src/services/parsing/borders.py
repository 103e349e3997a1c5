"""Where a piece that is too long is best cut."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .atoms import Atom

_CLOSING = re.compile(r"[)\]}]|(?:else|elif|except|finally|catch|end|done|fi|then)\b")
_ITEM = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s")
_SENTENCE_END = re.compile(r"[.!?:;]['\")\]]*\s*$")
_COMMENT = re.compile(r"#|//|/\*|\*|--|;;|<!--")
_TAB = 4
_DEEPEST = 8.0
_EMPTIEST = 0.35  # of the limit: no part is made smaller than this for the sake of a border


def best_cut(atoms: Sequence[Atom], first: int, last: int, ideal: float, borders: frozenset[int]) -> int:
    """The index in ``first .. last`` before which to cut; ``ideal`` is the index nearest to equal parts.

    Cheap borders: a line where a statement begins, little indented, after a blank line; then the ends of
    sentences; never before a closing bracket or an ``else`` if anything else will do. Distance from the
    ideal costs as much as one level of indentation for each fifth of the way.
    """
    span = max(1.0, (last - first + 1) / 5)
    return min(
        range(first, last + 1),
        key=lambda i: (_price(atoms, i, borders) + abs(i - ideal) / span, -i),
    )


def earliest(atoms: Sequence[Atom], limit: int) -> int:
    """How many atoms fill a part so far that it may be cut."""
    total = 0
    for index, atom in enumerate(atoms):
        total += atom.weight
        if total >= limit * _EMPTIEST:
            return index + 1
    return len(atoms)


def _price(atoms: Sequence[Atom], index: int, borders: frozenset[int]) -> float:
    atom, before = atoms[index], atoms[index - 1]
    if not atom.first:
        return 1.0 if _SENTENCE_END.search(before.text) else 6.0
    body = atom.text.lstrip()
    if not body:
        return 9.0  # the blank line stays behind; the line after it is the border
    price = min(_DEEPEST, _indent(atom.text) / _TAB)
    if not before.text.strip():
        price -= 1.5
    elif _SENTENCE_END.search(before.text):
        price -= 0.5
    if _COMMENT.match(before.text.lstrip()):
        price += 2.0  # a comment or a heading stays with what it is about
    elif borders and atom.line not in borders and not _COMMENT.match(body):
        price += 2.0
    if _ITEM.match(body):
        price -= 0.7
    if _CLOSING.match(body):
        price += 3.0
    return price


def _indent(line: str) -> int:
    expanded = line.expandtabs(_TAB)
    return len(expanded) - len(expanded.lstrip())

"""Which paths of a source are wanted: include and exclude globs, in the manner of ``.gitignore``.

- ``*``, ``?`` and ``[abc]`` match within one name, ``**`` matches any number of folders.
- A pattern without a slash matches at any depth (``*.py``, ``node_modules``); one with a slash starts at
  the top of the source (``docs/*.md``), and a leading slash says so for a single name (``/README.md``).
- A pattern that matches a folder matches all that is below it; with a trailing slash (``build/``) or
  ``/**`` it matches folders only.
- A file is wanted if some include pattern matches it, or none is given, and no exclude pattern matches.
  The order of patterns does not matter. Letters match exactly as they are written.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Sequence

from src.core.errors import FieldProblem, InvalidRequestError

from .paths import holds_control

MAX_PATTERNS = 200
MAX_LENGTH = 300
_ANY_FOLDERS = "**"
_ALTERNATIVES = re.compile(r"\{[^{}/]*,[^{}/]*\}")


class Glob:
    """One pattern, followed name by name through a path: no text can make it run away."""

    def __init__(self, pattern: str) -> None:
        body = pattern.strip("/")
        self.folders_only = pattern.endswith("/")
        names = body.split("/")
        if len(names) > 1 and names[-1] == _ANY_FOLDERS:
            names.pop()
            self.folders_only = True
        if len(names) == 1 and not pattern.startswith("/"):
            names.insert(0, _ANY_FOLDERS)
        self._steps = tuple(None if name == _ANY_FOLDERS else _name_matcher(name) for name in names)
        self.start = self._skip_empty({0})

    def step(self, positions: frozenset[int], name: str) -> frozenset[int]:
        """Where in the pattern one may stand after the next name of a path (a set of states)."""
        reached = set()
        for position in positions:
            if position < len(self._steps):
                step = self._steps[position]
                if step is None:
                    reached.add(position)
                elif step.match(name):
                    reached.add(position + 1)
        return self._skip_empty(reached)

    def accepts(self, positions: frozenset[int], *, folder: bool) -> bool:
        """Whether the path that led to ``positions`` matches whole."""
        return len(self._steps) in positions and (folder or not self.folders_only)

    def _skip_empty(self, positions: set[int]) -> frozenset[int]:
        """Add what is reached when ``**`` stands for no folder at all."""
        reached = set(positions)
        for position in positions:
            following = position
            while following < len(self._steps) and self._steps[following] is None:
                following += 1
                reached.add(following)
        return frozenset(reached)


class PathFilter:
    """Decides by the globs of one source. It remembers the last path: use one for each sync and thread,
    and ask in the order of a listing."""

    def __init__(self, include: Sequence[str], exclude: Sequence[str]) -> None:
        _refuse_bad(("include", include), ("exclude", exclude))
        self._include = _Patterns(include)
        self._exclude = _Patterns(exclude)
        self._takes_all = not include

    def wants(self, path: str) -> bool:
        """``path`` is of a file, with ``/`` between the names and none before the first."""
        return (self._takes_all or self._include.cover(path)) and not self._exclude.cover(path)

    def prunes(self, folder: str) -> bool:
        """True where nothing below ``folder`` can be wanted, so that it need not be opened."""
        return self._exclude.cover(folder, folder=True)


_States = tuple[frozenset[int], ...] | None
"""The positions in each pattern after the names of a folder; None where the folder itself matches."""


class _Patterns:
    def __init__(self, patterns: Iterable[str]) -> None:
        self._globs = tuple(Glob(pattern) for pattern in patterns)
        self._start: _States = tuple(glob.start for glob in self._globs)
        self._chain: list[tuple[str, _States]] = []

    def cover(self, path: str, *, folder: bool = False) -> bool:
        """Whether a pattern matches the path or a folder above it."""
        *above, name = path.split("/")
        states = self._enter(above)
        return states is None or self._step(states, name, folder=folder) is None

    def _enter(self, names: Sequence[str]) -> _States:
        """Walk from the folder of the last path to this one."""
        known = 0
        while known < min(len(names), len(self._chain)) and self._chain[known][0] == names[known]:
            known += 1
        del self._chain[known:]
        states = self._chain[-1][1] if self._chain else self._start
        for name in names[known:]:
            if states is not None:
                states = self._step(states, name, folder=True)
            self._chain.append((name, states))
        return states

    def _step(self, states: tuple[frozenset[int], ...], name: str, *, folder: bool) -> _States:
        reached = tuple(glob.step(at, name) for glob, at in zip(self._globs, states, strict=True))
        if any(glob.accepts(at, folder=folder) for glob, at in zip(self._globs, reached, strict=True)):
            return None
        return reached


def _name_matcher(name: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(name.replace("[^", "[!")))


def _refuse_bad(*lists: tuple[str, Sequence[str]]) -> None:
    problems = []
    for field, patterns in lists:
        if len(patterns) > MAX_PATTERNS:
            problems.append(FieldProblem(field, f"at most {MAX_PATTERNS} patterns"))
            continue
        for number, pattern in enumerate(patterns):
            if problem := _problem(pattern):
                problems.append(FieldProblem(f"{field}[{number}]", problem))
    if problems:
        first = problems[0]
        raise InvalidRequestError(
            f"The pattern list cannot be used: {first.field}: {first.detail}.", fields=tuple(problems)
        )


def _problem(pattern: str) -> str | None:
    names = pattern.strip("/").split("/")
    rules = (
        (not pattern.strip("/ "), "the pattern is empty"),
        (len(pattern) > MAX_LENGTH, f"the pattern is longer than {MAX_LENGTH} characters"),
        (holds_control(pattern), "the pattern holds a control character"),
        (pattern.startswith("!"), "a pattern cannot begin with '!'; put the rest into the other list"),
        ("\\" in pattern, "use / between folders, and [ ] around a character to be taken literally"),
        (bool({"", ".", ".."} & set(names)), "a path has no '.', '..' or '//' in it"),
        (_ALTERNATIVES.search(pattern), "alternatives in { } are not understood; give a pattern for each"),
    )
    return next((detail for broken, detail in rules if broken), None)

"""Which names of a Python file come from where."""

from __future__ import annotations

import ast
from collections.abc import Set


class ImportTable:
    """The imports of one file: the name each binds, and the dotted path it stands for."""

    def __init__(self) -> None:
        self._bound: dict[str, list[str]] = {}
        self._all: dict[str, int] = {}

    def add(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            if isinstance(node, ast.Import):
                path = alias.name
                name = alias.asname or path.partition(".")[0]
            elif node.module == "__future__":
                continue
            else:
                prefix = "." * node.level + (node.module or "")
                path = prefix + alias.name if prefix.endswith(".") else f"{prefix}.{alias.name}"
                name = alias.asname or alias.name
            self._all.setdefault(path, node.lineno)
            paths = self._bound.setdefault(name, [])
            if path not in paths:
                paths.append(path)

    def everything(self) -> list[str]:
        """Every path, in the order of the file."""
        return sorted(self._all, key=lambda path: self._all[path])

    def used(self, names: Set[str]) -> list[str]:
        """The paths behind ``names``, in alphabetical order."""
        return sorted({path for name in names & self._bound.keys() for path in self._bound[name]})

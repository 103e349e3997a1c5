"""Only the database's grants can make a scope."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.source import name_of, python_files, tree


def test_only_the_grants_import_the_seal() -> None:
    users = {name_of(path) for path in python_files("src", "scripts", "bench") if _mentions_the_seal(path)}
    assert users == {"src/core/caller.py", "src/database/grants.py"}


def _mentions_the_seal(path: Path) -> bool:
    sealed = {"seal_scope", "_SEAL"}
    return any(
        (isinstance(node, ast.Name) and node.id in sealed)
        or (isinstance(node, ast.Attribute) and node.attr in sealed)
        or (isinstance(node, ast.alias) and node.name in sealed)
        or (isinstance(node, ast.FunctionDef) and node.name in sealed)
        for node in ast.walk(tree(path))
    )

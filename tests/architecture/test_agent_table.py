"""The architecture page lists every agent with the events it takes and the jobs it carries out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib import import_module
from pkgutil import walk_packages

import src.agents
from src.core.agent import Agent, On, Runs
from tests.support.source import ROOT

PAGE = ROOT / "docs" / "developers" / "architecture.md"


def agents() -> dict[str, type[Agent]]:
    for module in walk_packages(src.agents.__path__, "src.agents."):
        import_module(module.name)
    return {kind.name: kind for kind in subclasses(Agent) if kind.__module__.startswith("src.agents.")}


def subclasses(kind: type[Agent]) -> Iterator[type[Agent]]:
    for child in kind.__subclasses__():
        yield child
        yield from subclasses(child)


def table() -> dict[str, tuple[set[str], set[str]]]:
    """Each agent's event patterns and kinds of jobs, as the page tells them."""
    section = PAGE.read_text(encoding="utf-8").partition("## The agents")[2].partition("\n## ")[0]
    rows = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            name, _, events, jobs = (cell.strip() for cell in line.strip("|").split("|"))
            rows[name.strip("`")] = (named(events), named(jobs))
    return rows


def named(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def test_the_table_lists_the_agents_that_there_are() -> None:
    assert table().keys() == agents().keys()


def test_the_table_tells_what_each_agent_declares() -> None:
    for name, kind in agents().items():
        patterns, jobs = table()[name]
        declared = kind.declarations.values()
        assert {each.job.kind for each in declared if isinstance(each, Runs)} == jobs, name
        topics = {each.event.topic.rpartition(".")[0] for each in declared if isinstance(each, On)}
        assert {topic for topic in topics if not any(fnmatchcase(topic, p) for p in patterns)} == set(), name
        assert {p for p in patterns if not any(fnmatchcase(topic, p) for topic in topics)} == set(), name

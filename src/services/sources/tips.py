"""Which commit a branch of a remote repository stands at, asked without fetching anything."""

from __future__ import annotations

import re
from dataclasses import dataclass

from src.core.errors import SourceError

from .faults import explain
from .location import Location
from .paths import holds_control
from .plumbing import GitFailure, Plumbing

_FORBIDDEN = re.compile(r"[ ~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|^[-/]|[/.]$")


@dataclass(frozen=True)
class Tip:
    """A reference of the remote (``refs/heads/…``, ``refs/tags/…`` or ``HEAD``) and its commit."""

    reference: str
    commit: str


def check_branch(branch: str | None) -> None:
    """Raise SourceError where git could not have such a branch."""
    if branch is not None and (
        not branch or len(branch) > 250 or holds_control(branch) or _FORBIDDEN.search(branch)
    ):
        raise SourceError("no_such_branch", "The branch's name is not one that git allows.")


def find_tip(plumbing: Plumbing, remote: Location, branch: str | None, *, timeout_s: float) -> Tip:
    """Ask the remote for ``branch`` (or a tag of that name), or for its default branch.

    Raises SourceError: ``no_such_branch``, ``empty_repository``, or why the remote could not be asked.
    """
    check_branch(branch)
    references = _ask(plumbing, remote, _patterns(branch), timeout_s)
    for name in ("HEAD",) if branch is None else (f"refs/heads/{branch}", f"refs/tags/{branch}"):
        if commit := references.get(f"{name}^{{}}") or references.get(name):
            return Tip(name, commit)
    if not _ask(plumbing, remote, (), timeout_s):
        raise SourceError("empty_repository", "The repository has no commit yet; push one, then try again.")
    if branch is None:
        raise SourceError(
            "no_such_branch", "The repository names no default branch; name one of its branches."
        )
    raise SourceError("no_such_branch", f"The repository has no branch or tag named {branch}.")


def _patterns(branch: str | None) -> tuple[str, ...]:
    if branch is None:
        return ("HEAD",)
    return (f"refs/heads/{branch}", f"refs/tags/{branch}", f"refs/tags/{branch}^{{}}")


def _ask(plumbing: Plumbing, remote: Location, patterns: tuple[str, ...], timeout_s: float) -> dict[str, str]:
    try:
        output = plumbing.run(
            "ls-remote", "--quiet", "--", remote.url, *patterns, timeout_s=timeout_s, remote=remote
        )
    except GitFailure as failure:
        raise explain(failure, remote) from None
    lines = output.decode("utf-8", "replace").splitlines()
    return {name: commit for commit, _, name in (line.partition("\t") for line in lines)}

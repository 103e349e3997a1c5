"""What git's error output means: a stable code and a sentence with the next step, the secret scrubbed."""

from __future__ import annotations

import re

from src.core.errors import SourceError

from .location import Location
from .plumbing import GitFailure

_CAUSES = (
    (
        "authentication_failed",
        r"authentication failed|could not read (username|password)|terminal prompts disabled|"
        r"returned error: 40[13]|permission denied|invalid credentials|"
        r"access denied(?! or repository not exported)",
        "The server refused access. Give a token or password that may read the repository.",
    ),
    (
        "no_such_branch",
        r"couldn't find remote ref",
        "The branch is no longer there.",
    ),
    (
        "host_key_unknown",
        r"host key verification failed",
        "The ssh host key is not known. Add the host to known_hosts of the account that runs Stoa.",
    ),
    (
        "not_a_repository",
        r"repository .*not found|does not appear to be a git repository|not a git repository|"
        r"returned error: 404|not exported|(?<!run ssh: )no such file or directory",
        "There is no git repository at this address, or none that these credentials may see.",
    ),
    (
        "storage_full",
        r"no space left on device|disk quota exceeded",
        "The disk that holds Stoa's data is full; free some space.",
    ),
    (
        "unreachable",
        r"could not resolve|couldn't connect|failed to connect|connection (refused|timed out|reset)|"
        r"network is unreachable|no route to host|timed out|certificate|\bssl\b|\btls\b|early eof|hung up|"
        r"unexpected disconnect|rpc failed|could not read from remote|returned error: 5\d\d|"
        r"unable to (access|connect|look up)|operation too slow|empty reply",
        "The server could not be reached, or broke off. Check the address, then try again.",
    ),
)


def explain(failure: GitFailure, remote: Location) -> SourceError:
    """Turn what git wrote into the error for people; ``git_failed`` where the cause is not known."""
    said = _said(failure.stderr, remote)
    for code, pattern, sentence in _CAUSES:
        if re.search(pattern, failure.stderr, re.IGNORECASE):
            return SourceError(code, f"{sentence} (git: {said})" if said else sentence)
    return SourceError("git_failed", f"git could not read the repository: {said or 'it gave no reason'}")


def _said(stderr: str, remote: Location) -> str:
    lines = [line.strip() for line in re.split(r"[\r\n]+", stderr) if line.strip()]
    telling = [line for line in lines if re.match(r"(fatal|error|remote|ssh|ERROR):", line)] or lines[-1:]
    text = " ".join(telling)
    if remote.credential:
        text = remote.credential.scrub(text)
    text = re.sub(r"(\w://)[^/\s@]*@", r"\1", text)
    text = "".join(character if character.isprintable() else " " for character in text)
    return text if len(text) <= 300 else text[:299] + "…"

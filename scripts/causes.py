"""Why an install failed, in one sentence that says what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """What kind of thing is in the way: another installer may get past all but the first two."""

    DISK = auto()
    NETWORK = auto()
    OTHER = auto()


_KNOWN = (
    (
        r"no space left on device|os error 28\b",
        Kind.DISK,
        "The disk is full: Stoa's packages need about 1 GB, in this folder and in the package cache",
    ),
    (
        r"read-only file system|os error 30\b",
        Kind.DISK,
        "{folder} is read-only: clone Stoa into a folder that can be written to",
    ),
    (
        r"permission denied|os error 13\b|errno 13\b",
        Kind.OTHER,
        "{folder} may not be written to by this user: clone Stoa into a folder of your own",
    ),
    (
        r"hash mismatch|do not match the hashes",
        Kind.OTHER,
        "A package is not the one that was locked: the index or a proxy between changes files",
    ),
    (
        r"name resolution|name or service not known|nodename nor servname|establish a new connection"
        r"|error sending request|dns error|connection (refused|reset|timed out)|proxyerror|tunnel error"
        r"|read timed out|certificate.verify.failed|invalid peer certificate",
        Kind.NETWORK,
        "The package index cannot be reached: check the network and HTTPS_PROXY, or name a mirror in "
        "PIP_INDEX_URL, then try again",
    ),
    (
        r"no module named pip",
        Kind.OTHER,
        "The environment was made by another Python: make clean, then try again",
    ),
    (
        r"no usable wheels|no wheels with a matching|no matching distribution|is not a supported wheel",
        Kind.OTHER,
        "A package has no ready build for this machine: Stoa runs on CPython 3.11 to 3.14 on Linux "
        "(x86-64 or ARM64, glibc 2.28 or newer) and on macOS 14 or newer",
    ),
)


@dataclass(frozen=True)
class Cause:
    """Why it failed, for the person who wanted it."""

    kind: Kind
    sentence: str


def explain(output: str, folder: str) -> Cause:
    """The first known cause that an installer's output shows, else its own last line."""
    for pattern, kind, sentence in _KNOWN:
        if re.search(pattern, output, re.IGNORECASE):
            return Cause(kind, sentence.format(folder=folder))
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return Cause(Kind.OTHER, f"The install failed: {lines[-1] if lines else 'it gave no reason'}")

from __future__ import annotations

import pytest

from scripts.causes import Kind, explain

SEEN = [
    ("error: failed to write to file `/x/a.so`: No space left on device (os error 28)", Kind.DISK, "full"),
    ("Error: [Errno 30] Read-only file system: '/x/.venv'", Kind.DISK, "/x is read-only"),
    ("Error: [Errno 13] Permission denied: '/x/.venv'", Kind.OTHER, "folder of your own"),
    (
        "error: error sending request for url (https://index.invalid/simple/a/)\n  cause: dns error",
        Kind.NETWORK,
        "PIP_INDEX_URL",
    ),
    (
        "WARNING: Retrying after connection broken by 'NewConnectionError('Failed to establish a new "
        "connection: [Errno -2] Name or service not known')'\nERROR: No matching distribution found for a==1",
        Kind.NETWORK,
        "cannot be reached",
    ),
    ("error: invalid peer certificate: UnknownIssuer", Kind.NETWORK, "cannot be reached"),
    ("ERROR: No matching distribution found for chromadb==1", Kind.OTHER, "no ready build"),
    ("  cause: Because numpy==2 has no usable wheels and you require numpy==2", Kind.OTHER, "no ready build"),
    ("error: Hash mismatch for `flask==3`", Kind.OTHER, "not the one that was locked"),
    ("first\nsomething unheard of\n\n", Kind.OTHER, "The install failed: something unheard of"),
    ("", Kind.OTHER, "gave no reason"),
]


@pytest.mark.parametrize(("output", "kind", "part"), SEEN)
def test_a_failure_is_told_in_one_sentence(output: str, kind: Kind, part: str) -> None:
    cause = explain(output, "/x")
    assert cause.kind is kind
    assert part in cause.sentence
    assert "\n" not in cause.sentence

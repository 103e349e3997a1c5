from __future__ import annotations

import pytest

from src.services.sources.faults import explain
from src.services.sources.location import parse_location
from src.services.sources.plumbing import GitFailure

REMOTE = parse_location("https://ann:s3cret@example.org/team/repo", None)


_SAID = {
    "authentication_failed": (
        "fatal: Authentication failed for 'https://example.org/team/repo/'",
        "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
        "fatal: unable to access 'https://example.org/x/': The requested URL returned error: 403",
        "git@example.org: Permission denied (publickey).\nfatal: Could not read from remote repository.",
    ),
    "host_key_unknown": ("Host key verification failed.\nfatal: Could not read from remote repository.",),
    "not_a_repository": (
        "remote: Repository not found.\nfatal: repository 'https://example.org/x/' not found",
        "ERROR: Repository not found.\nfatal: Could not read from remote repository.",
        "fatal: '/srv/x' does not appear to be a git repository",
        "fatal: remote error: access denied or repository not exported: /x",
    ),
    "no_such_branch": ("fatal: couldn't find remote ref refs/heads/x",),
    "unreachable": (
        "fatal: unable to access 'https://x/': Could not resolve host: x",
        "ssh: connect to host x port 22: Connection refused\nfatal: Could not read from remote repository.",
        "fatal: unable to access 'https://x/': SSL certificate problem: self-signed certificate",
        "error: RPC failed; curl 18 transfer closed\nfatal: early EOF",
    ),
    "storage_full": ("fatal: write error: No space left on device",),
    "git_failed": ("fatal: something that nobody has seen", ""),
}


@pytest.mark.parametrize(("code", "said"), [(code, said) for code, texts in _SAID.items() for said in texts])
def test_what_git_says_becomes_a_stable_code(code: str, said: str) -> None:
    fault = explain(GitFailure(128, said), REMOTE)
    assert fault.code == code
    assert fault.detail


def test_nothing_secret_and_nothing_unprintable_is_repeated() -> None:
    said = (
        "fatal: \x1b[31mhttps://ann:s3cret@example.org and https://bob:other@example.net\x1b[0m " + "x" * 9999
    )
    detail = explain(GitFailure(128, said), REMOTE).detail
    for secret in ("s3cret", "bob", "other", "\x1b"):
        assert secret not in detail
    assert len(detail) < 500

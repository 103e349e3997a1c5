from __future__ import annotations

import base64

import pytest

from src.core.errors import SourceError
from src.services.sources.location import Credential, parse_location


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" https://example.org/team/repo.git ", "https://example.org/team/repo.git"),
        ("HTTPS://Example.org:8443/repo", "https://example.org:8443/repo"),
        ("http://127.0.0.1:80/repo", "http://127.0.0.1:80/repo"),
        ("https://[::1]:8443/repo", "https://[::1]:8443/repo"),
        ("ssh://git@example.org:2222/repo.git", "ssh://git@example.org:2222/repo.git"),
        ("git@example.org:team/repo.git", "git@example.org:team/repo.git"),
        ("git://example.org/repo", "git://example.org/repo"),
        ("/srv/repos/one two", "/srv/repos/one two"),
        ("file:///srv/repos/one%20two", "/srv/repos/one two"),
    ],
)
def test_an_address_is_kept_in_its_clean_form(text: str, url: str) -> None:
    location = parse_location(text, None)
    assert location.url == url
    assert location.credential is None


@pytest.mark.parametrize(
    ("text", "given", "user", "password"),
    [
        ("https://tok-123@example.org/r", None, "tok-123", ""),
        ("https://ann:s%40cret@example.org/r", None, "ann", "s@cret"),
        ("https://example.org/r", "tok-123", "x-access-token", "tok-123"),
        ("https://example.org/r", "oauth2:tok-123", "oauth2", "tok-123"),
        ("https://ann@example.org/r", "tok-123", "ann", "tok-123"),
        ("https://ann:old@example.org/r", "bob:new", "bob", "new"),
    ],
)
def test_a_credential_leaves_the_address(text: str, given: str | None, user: str, password: str) -> None:
    location = parse_location(text, given)
    assert location.url == "https://example.org/r"
    assert location.origin == "https://example.org"
    assert location.credential == Credential(user, password)
    assert parse_location(location.url, location.credential.text).credential == location.credential


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=sh",
        "--upload-pack=touch /tmp/x",
        "ext::sh -c id",
        "fd::3",
        "transport::https://example.org/r",
        "ftp://example.org/r",
        "javascript://example.org/r",
        "https://",
        "https://example.org",
        "https://example.org/",
        "https://exa mple.org/r",
        "https://example.org/r\nHost: evil",
        "https://example.org/r%0a",
        "https://example.org/r?token=abc",
        "https://example.org/r#main",
        "https://example.org:99999/r",
        "https://[::1/r",
        "https://-oProxyCommand=x/r",
        "ssh://-oProxyCommand=x/r",
        "ssh://-oProxyCommand=x@example.org/r",
        "git@-oProxyCommand=x:r",
        "git@example.org:-x",
        "git@example.org::r",
        "C:\\repo",
        "relative/path",
        "../up",
        "~/repo",
        "file://other.host/srv/r",
        "file:relative",
        "\udcff",
        "https://example.org/" + "a" * 2000,
    ],
)
def test_what_is_not_a_plain_address_is_refused(text: str) -> None:
    with pytest.raises(SourceError) as refusal:
        parse_location(text, None)
    assert refusal.value.code in {"bad_location", "bad_credential"}


@pytest.mark.parametrize(
    "text", ["git@example.org:r", "ssh://git@example.org/r", "git://example.org/r", "/srv/r"]
)
def test_a_token_goes_with_http_only(text: str) -> None:
    with pytest.raises(SourceError) as refusal:
        parse_location(text, "tok")
    assert refusal.value.code == "bad_credential"
    assert "tok" not in refusal.value.detail.replace("token", "")


@pytest.mark.parametrize("text", ["ssh://git:pw@example.org/r", "git://ann@example.org/r"])
def test_a_password_in_an_address_that_takes_none_is_refused(text: str) -> None:
    with pytest.raises(SourceError):
        parse_location(text, None)


def test_a_credential_with_a_line_end_is_refused() -> None:
    with pytest.raises(SourceError):
        parse_location("https://example.org/r", "tok\nhost=evil")


def test_a_secret_is_not_shown_when_printed() -> None:
    assert "s3cret" not in repr(parse_location("https://ann:s3cret@example.org/r", None))


def test_a_secret_is_scrubbed_in_every_form() -> None:
    credential = Credential("ann", "p@ss/w rd")
    basic = base64.b64encode(b"ann:p@ss/w rd").decode()
    text = credential.scrub(f"p@ss/w rd p%40ss/w%20rd p%40ss%2Fw%20rd {basic} rest")
    assert text == "*** *** *** *** rest"

"""Telling a receiver, over a real connection to a real server."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from src.core.errors import WebhookError
from src.services.webhooks import HttpReceiver, signature
from tests.support.scripted_server import Pause, Reply, ScriptedServer, serving
from tests.support.servers import free_port

SECRET = "s3cret"
BODY = json.dumps({"type": "alert.raised", "alert": {"detail": "größer"}}, ensure_ascii=False).encode()


def receiver(address: str, *, secret: str | None = SECRET, timeout_s: float = 5.0) -> HttpReceiver:
    return HttpReceiver(address, secret, timeout_s=timeout_s, clock=lambda: 1_800_000_000.9)


def tell(to: HttpReceiver) -> None:
    to.tell(BODY, topic="alert.raised", delivery_id="d1")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving([Reply(status=204, chunked=False)]) as made:
        yield made


def test_what_is_told_is_signed_with_its_time(server: ScriptedServer) -> None:
    tell(receiver(f"{server.url}/hooks/1?token=abc"))
    (asked,) = server.asked
    assert (asked.path, asked.body) == ("/hooks/1?token=abc", json.loads(BODY))
    assert asked.headers["Stoa-Signature"] == signature(SECRET, 1_800_000_000, BODY)
    assert asked.headers["Stoa-Signature"].startswith("t=1800000000,v1=")
    assert (asked.headers["Stoa-Event"], asked.headers["Stoa-Delivery"]) == ("alert.raised", "d1")
    assert asked.headers["Content-Type"] == "application/json"


def test_without_a_secret_nothing_is_signed(server: ScriptedServer) -> None:
    tell(receiver(server.url, secret=None))
    assert "Stoa-Signature" not in server.asked[0].headers
    assert server.asked[0].path == "/"


def test_credentials_of_an_address_go_in_a_header(server: ScriptedServer) -> None:
    tell(receiver(server.url.replace("//", "//ada:p%40ss@")))
    assert server.asked[0].headers["Authorization"] == "Basic YWRhOnBAc3M="


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int, server: ScriptedServer) -> None:
    with (
        serving(
            [Reply(status=status, headers={"location": f"{server.url}/elsewhere"}, chunked=False)]
        ) as here,
        pytest.raises(WebhookError, match="redirects are not followed"),
    ):
        tell(receiver(here.url))
    assert server.asked == []


@pytest.mark.parametrize("status", [400, 401, 410, 500, 503])
def test_an_answer_that_is_no_success_is_a_failure(status: int) -> None:
    with (
        serving([Reply(status=status, chunked=False)]) as here,
        pytest.raises(WebhookError, match=str(status)),
    ):
        tell(receiver(here.url))


def test_a_failure_tells_the_host_and_no_more_of_the_address() -> None:
    address = f"http://ada:pass@127.0.0.1:{free_port()}/hooks/T0KEN?key=T0KEN"
    with pytest.raises(WebhookError) as raised:
        tell(receiver(address))
    assert raised.value.detail == "127.0.0.1 could not be told: ConnectionRefusedError."
    assert raised.value.__cause__ is None
    assert "T0KEN" not in receiver(address).key


def test_the_body_of_an_answer_is_not_waited_for() -> None:
    with serving([Reply([Pause(30)], chunked=False)]) as here:
        began = time.monotonic()
        tell(receiver(here.url, timeout_s=0.5))
        assert time.monotonic() - began < 5


def test_a_receiver_that_answers_a_byte_at_a_time_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 100:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.1)
                except OSError:
                    return

        Thread(target=drip, daemon=True).start()
        began = time.monotonic()
        with pytest.raises(WebhookError):
            tell(receiver(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.5))
        assert time.monotonic() - began < 5


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path / "made.pem"))
    reached: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reached.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with pytest.raises(WebhookError, match="SSLCertVerificationError"):
            tell(receiver(f"https://127.0.0.1:{server.server_port}/"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
    assert reached == []


def certificate(path: Path) -> Path:
    """A key with a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path.write_bytes(
        key.private_bytes(encoding, form, serialization.NoEncryption()) + made.public_bytes(encoding)
    )
    return path

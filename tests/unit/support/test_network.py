from __future__ import annotations

import socket
import threading

import pytest

from tests.support.network import is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost", b"localhost", None, "::1%lo"])
def test_loopback_addresses_are_local(host: object) -> None:
    assert is_local(host)


@pytest.mark.parametrize("host", ["10.0.0.1", "192.0.2.1", "example.invalid", "localhost.example.invalid", 8])
def test_every_other_address_is_not(host: object) -> None:
    assert not is_local(host)


def test_a_connection_beyond_the_machine_is_refused() -> None:
    with socket.socket() as client, pytest.raises(ConnectionRefusedError, match=r"192\.0\.2\.1"):
        client.connect(("192.0.2.1", 80))


def test_a_name_beyond_the_machine_is_not_looked_up() -> None:
    with pytest.raises(ConnectionRefusedError, match=r"example\.invalid"):
        socket.create_connection(("example.invalid", 443), timeout=1)


def test_the_refusal_holds_in_other_threads() -> None:
    outcome: list[BaseException] = []

    def reach() -> None:
        try:
            socket.getaddrinfo("example.invalid", 443)
        except OSError as error:
            outcome.append(error)

    thread = threading.Thread(target=reach)
    thread.start()
    thread.join()
    assert isinstance(outcome[0], ConnectionRefusedError)


def test_two_ends_on_this_machine_may_talk() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, socket.create_connection(listener.getsockname(), timeout=5) as client:
        client.sendall(b"hello")
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.recv(5) == b"hello"

"""No test leaves the machine: every address but loopback is refused."""

from __future__ import annotations

import ipaddress
import sys

_WATCHED = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})
_LOCAL_NAMES = frozenset({"localhost", "", "0.0.0.0", "::"})


def forbid_network() -> None:
    """Refuse connections and look-ups beyond loopback, in this process and for good.

    An audit hook sees every thread and every library that uses Python's sockets, whatever it patched.
    """
    sys.addaudithook(_refuse)


def is_local(host: object) -> bool:
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    if name in _LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event not in _WATCHED:
        return
    target = arguments[1] if event in {"socket.connect", "socket.sendto"} else arguments[0]
    if isinstance(target, tuple):
        target = target[0]
    elif event in {"socket.connect", "socket.sendto"}:
        return  # a Unix socket's path
    if not is_local(target):
        raise ConnectionRefusedError(f"tests do not leave the machine, but {target!r} was to be reached")

"""What pip knows of this machine's package indexes, told to uv, which reads none of pip's settings."""

from __future__ import annotations

import ast
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SECTIONS = ("global", "install", ":env:")  # later ones win, as in pip
_ONE_VALUE = {
    "index-url": "UV_DEFAULT_INDEX",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
_SEVERAL_VALUES = {
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
}


@dataclass(frozen=True)
class UvSettings:
    """What to add to uv's command line and environment. Addresses may hold a password, so they are
    never on the command line, where every user of the machine could read them."""

    arguments: tuple[str, ...]
    environment: dict[str, str]


def pip_settings(listing: str) -> dict[str, str]:
    """Read ``pip config list``: lines such as ``global.index-url='https://…'``."""
    sections: dict[str, dict[str, str]] = {name: {} for name in _SECTIONS}
    for line in listing.splitlines():
        name, separator, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if separator and section in sections:
            sections[section][key] = str(ast.literal_eval(value))
    return {key: value for section in sections.values() for key, value in section.items()}


def uv_settings(listing: str, environment: Mapping[str, str]) -> UvSettings:
    """Translate pip's settings; what ``environment`` already says to uv stands."""
    known = pip_settings(listing)
    told = {variable: known[key] for key, variable in _ONE_VALUE.items() if key in known}
    for key, (variable, separator) in _SEVERAL_VALUES.items():
        if known.get(key, "").split():
            told[variable] = separator.join(known[key].split())
    if "UV_INDEX" in told:
        # pip takes a package from whichever index has it. The locked hashes keep that safe.
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "SSL_CERT_FILE" not in {*told, *environment} and _has_system_certificates():
        told["UV_SYSTEM_CERTS"] = "true"
    if not _may_cache(environment.get("XDG_CACHE_HOME") or "~/.cache"):
        told["UV_NO_CACHE"] = "true"
    told["UV_PYTHON_DOWNLOADS"] = "never"
    arguments = ("--no-index",) if known.get("no-index", "").lower() in {"1", "true", "yes", "on"} else ()
    return UvSettings(arguments, {name: value for name, value in told.items() if name not in environment})


def _may_cache(folder: str) -> bool:
    """A service account often has no home, or none that it may write to."""
    path = Path(folder).expanduser()
    nearest = next(part for part in (path, *path.parents) if part.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK)


def _has_system_certificates() -> bool:
    """An organisation's own authority is found there; a bare container may have none at all."""
    return ssl.create_default_context().cert_store_stats()["x509_ca"] > 0

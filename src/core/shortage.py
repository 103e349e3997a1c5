"""Telling a disk without room from a fault of ours."""

from __future__ import annotations

import errno
import sqlite3

from .errors import UnavailableError

_POSTGRESQL_DISK_FULL = "53100"


def shortage(error: BaseException) -> UnavailableError | None:
    """What to tell where ``error`` comes of a full disk, be it a file's or a database's; else None."""
    link: BaseException | None = error
    while link is not None:
        if _is_full(link):
            return UnavailableError(
                "The disk is full, so nothing new can be stored. Make room on the disk of the data folder "
                "and of the database, then try again; what was accepted before is kept."
            )
        link = link.__cause__ or link.__context__
    return None


def _is_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return getattr(error, "sqlstate", None) == _POSTGRESQL_DISK_FULL

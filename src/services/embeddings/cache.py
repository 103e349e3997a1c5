"""Graphs made from weights, kept in a folder of the data directory."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from src.core.errors import ConfigurationError

from .graphs import GRAPH_FILE, WEIGHTS_FILE
from .models import digest

log = logging.getLogger(__name__)

_MANIFEST = "manifest.json"
_UNFINISHED = ".making-"
_ABANDONED_S = 3600.0

MakeGraph = Callable[[Path], Path]


class GraphCache:
    """One folder for each version, with the graph, its weights and a manifest of their digests.

    A folder appears whole or not at all. Several processes may make the same graph at once: the first
    to finish wins. A folder whose files are not those of its manifest is made again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def graph(self, version: str, make: MakeGraph) -> Path:
        """The path of the graph of ``version``. ``make`` writes it into the folder it is given.

        Raises ConfigurationError where the cache folder cannot be written.
        """
        target = self._folder / version
        if _intact(target):
            return target / GRAPH_FILE
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            work = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        try:
            self._make(version, make, work)
            self._publish(work, target)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return target / GRAPH_FILE

    def _make(self, version: str, make: MakeGraph, work: Path) -> None:
        started = time.perf_counter()
        log.info("making the embedding graph %s", version)
        make(work)
        files = {name: digest(work / name) for name in (GRAPH_FILE, WEIGHTS_FILE)}
        manifest = {"version": version, "files": files}
        (work / _MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        work.chmod(0o755)
        log.info("made the embedding graph %s in %.1f s", version, time.perf_counter() - started)

    def _publish(self, work: Path, target: Path) -> None:
        try:
            work.rename(target)
        except OSError:
            if _intact(target):
                return
            self._remove(target)
            try:
                work.rename(target)
            except OSError:
                if not _intact(target):
                    raise

    def _remove(self, damaged: Path) -> None:
        """Move out of the way first, so that nobody meets half a folder."""
        aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
        with suppress(FileNotFoundError):
            damaged.rename(aside / damaged.name)
        shutil.rmtree(aside, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove what a killed process left half made."""
        for leftover in self._folder.glob(f"{_UNFINISHED}*"):
            if time.time() - leftover.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(leftover, ignore_errors=True)


def _intact(folder: Path) -> bool:
    try:
        manifest = json.loads((folder / _MANIFEST).read_bytes())
        return all(digest(folder / name) == manifest["files"][name] for name in (GRAPH_FILE, WEIGHTS_FILE))
    except FileNotFoundError:
        return False
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ConfigurationError):
        log.warning("the embedding graph in %s is damaged and is made again", folder)
        return False


def _unwritable(folder: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The embedding graph cannot be written below {folder}: {error.strerror or error}. It needs about "
        "200 MB there and the right to write."
    )

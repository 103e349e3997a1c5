"""The rows of a benchmark and how they are written."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
MODELS = Path(__file__).resolve().parents[1] / ".cache" / "models"


@dataclass(frozen=True)
class Row:
    """One figure. ``ratio`` is against ``floor`` (what it is, in words); ``goal`` is what is aimed at."""

    name: str
    value: str
    floor: str = ""
    ratio: float | None = None
    goal: str = ""

    def cells(self) -> str:
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return f"| {self.name} | {self.value} | {self.floor} | {ratio} | {self.goal} |"


@dataclass(frozen=True)
class Table:
    """A section of the report, or at ``level`` 3 a part of one."""

    title: str
    about: str
    rows: tuple[Row, ...]
    level: int = 2

    def markdown(self) -> str:
        head = "| what | measured | floor or peer | ratio | goal |\n| --- | --- | --- | --- | --- |"
        top = [f"{'#' * self.level} {self.title}", "", *([self.about, ""] if self.about else [])]
        return "\n".join([*top, head, *(r.cells() for r in self.rows), ""])


def quantiles(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    ordered = sorted(times)
    return statistics.median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def timed_ms(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return (time.perf_counter() - started) * 1000


def settle(most_s: float = 60.0) -> None:
    """Wait until this process rests, that is takes less than a tenth of a processor for a second: what
    was written before a measurement is still merged and relayed behind its back."""
    until = time.monotonic() + most_s
    while time.monotonic() < until:
        before = time.process_time()
        time.sleep(1.0)
        if time.process_time() - before < 0.1:
            return


def peak_mib() -> float:
    """The largest resident size of this process so far, in MiB."""
    return _memory("VmHWM")


def resident_mib() -> float:
    """The resident size of this process now, in MiB."""
    return _memory("VmRSS")


def _memory(what: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) / 1024
    return 0.0


@contextmanager
def scratch() -> Iterator[Path]:
    """A data folder for one benchmark; the model's graph is kept between runs."""
    with tempfile.TemporaryDirectory(prefix="stoa-bench-") as folder:
        data = Path(folder) / "data"
        data.mkdir()
        MODELS.mkdir(parents=True, exist_ok=True)
        (data / "models").symlink_to(MODELS, target_is_directory=True)
        yield data

"""Memory and disk, and the size of the database."""

from __future__ import annotations

import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import text

from src.agents.monitor.measuring import Family, Look, Sample

_SIZE = {
    "sqlite": "SELECT (SELECT page_count FROM pragma_page_count) * (SELECT page_size FROM pragma_page_size)",
    "postgresql": "SELECT pg_database_size(current_database())",
}
_STATUS = Path("/proc/self/status")


class MachineCollector:
    """The process that does the background work, and the disk that holds the data folder."""

    name = "machine"
    seconds = 30.0
    families = (
        Family("stoa_worker_memory_bytes", "gauge", "Resident memory of the process that runs the agents."),
        Family("stoa_disk_free_bytes", "gauge", "Free space where the data folder is."),
        Family("stoa_disk_size_bytes", "gauge", "Size of the disk where the data folder is."),
        Family("stoa_database_bytes", "gauge", "Size of the SQL database."),
    )

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def collect(self, look: Look) -> Iterator[Sample]:
        disk = shutil.disk_usage(self._data_dir)
        with look.database.read() as work:
            size = work.connection.scalar(text(_SIZE[look.database.dialect]))
        yield Sample("stoa_worker_memory_bytes", resident_bytes())
        yield Sample("stoa_disk_free_bytes", disk.free)
        yield Sample("stoa_disk_size_bytes", disk.total)
        yield Sample("stoa_database_bytes", size or 0)


def resident_bytes() -> int:
    """Memory that this process holds now; where the system does not tell, the most that it ever held."""
    try:
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024

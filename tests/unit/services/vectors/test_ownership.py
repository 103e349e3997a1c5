"""One owner of a folder at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from src.core.errors import ConfigurationError
from src.services.vectors.ownership import FolderOwnership

_OWNER = """
import sys, time
from pathlib import Path
from src.services.vectors.ownership import FolderOwnership
ownership = FolderOwnership(Path(sys.argv[1]))
print("owned", flush=True)
time.sleep(60)
"""


def test_the_owner_is_named_and_its_death_frees_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    command = [sys.executable, "-c", _OWNER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(ConfigurationError, match=rf"process {owner.pid}, .* STOA_CHROMA_URL"):
            FolderOwnership(folder)
        owner.send_signal(signal.SIGKILL)
    taken = FolderOwnership(folder)
    with pytest.raises(ConfigurationError, match=rf"process {os.getpid()},"):
        FolderOwnership(folder)
    taken.release()
    FolderOwnership(folder).release()


def test_a_folder_that_cannot_be_made_is_refused_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="STOA_DATA_DIR"):
        FolderOwnership(tmp_path / "file" / "vectors")

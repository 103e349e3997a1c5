from __future__ import annotations

from src.services.parsing.selection import skip_reason
from src.services.sources.folder import FolderSource
from src.services.sources.stdlib import stdlib_folder, stdlib_source


def test_the_sample_is_the_standard_library_without_tests_and_packages() -> None:
    source = FolderSource((stdlib_folder(),), skip_reason)
    changes = source.changes(
        source.check(stdlib_source()), source_id="sample", since=None, report=lambda text: None
    )
    paths = {file.path for file in changes.files}
    assert {"json/decoder.py", "asyncio/tasks.py", "http/server.py", "zipfile.py"} & paths >= {
        "json/decoder.py",
        "asyncio/tasks.py",
        "http/server.py",
    }
    assert 500 < len(paths) < 900
    assert all(path.endswith(".py") for path in paths)
    unwanted = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
    assert not [path for path in paths if unwanted & set(path.split("/"))]

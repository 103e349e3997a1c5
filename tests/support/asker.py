"""A process of its own that searches without a pause: ``python -m tests.support.asker DATA_DIR DATABASE_URL
CHROMA_URL QUERY``. It tells of each search in a JSON line, with the time of its beginning and its end, and
ends with its standard input."""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

from src.core.messages.questions import Search
from tests.support.application import House, make_settings, running


def main() -> None:
    data_dir, database_url, chroma_url, query = sys.argv[1:]
    settings = make_settings(Path(data_dir), database_url=database_url, chroma_url=chroma_url)
    ended = threading.Event()

    def listen() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=listen, daemon=True).start()
    with running(settings, worker=False) as application:
        house = House(application)
        while not ended.is_set():
            began, failed, version, notices = time.time(), None, "", 0
            try:
                results = house.ask(Search(query=query))
                version, notices = results.index_version, len(results.notices)
            except Exception as error:  # noqa: BLE001 - told to the test, which fails by it
                failed = repr(error)
            told = {"began": began, "ended": time.time(), "index": version, "notices": notices}
            print(json.dumps({**told, "failed": failed}), flush=True)


if __name__ == "__main__":
    main()

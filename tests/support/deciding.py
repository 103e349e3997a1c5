"""A worker process that handles what waits in a data folder, and may kill itself while it decides.

It ends when nothing is left to do; with a point of ``POINTS`` it sends itself SIGKILL there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from src.agents.experiment_runner.rounds import Rounds
from src.agents.experiment_runner.trials import Trials
from src.bootstrap import build
from src.services import registry
from tests.support.application import House, cheap_passwords, make_settings, wait_for
from tests.support.victim import at_rest

POINTS: dict[str, tuple[Any, str]] = {
    "ended": (Trials, "end"),
    "promoted": (registry, "promote"),
    "rejected": (registry, "reject"),
    "started": (Trials, "start"),
    "kept": (Rounds, "weigh"),
    "arranged": (Rounds, "arrange"),
}
"""Where it may die: when one of these has done its part. The last two have committed then; what the others
did is not stored yet."""


def kill_at(point: str) -> None:
    owner, name = POINTS[point]
    act: Callable[..., Any] = getattr(owner, name)

    def act_and_die(*arguments: Any, **named: Any) -> Any:
        act(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, act_and_die)


def main(data_dir: Path, point: str = "") -> None:
    if point:
        kill_at(point)
    application = build(make_settings(data_dir, delivery_lease_s=3600.0), passwords=cheap_passwords())
    application.start()
    house = House(application)
    wait_for(lambda: at_rest(house), timeout_s=120)
    application.drain()
    application.close()

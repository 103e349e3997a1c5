"""``simulate``: readers who vote, and the learning curve on questions that nobody asked."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from src.cli import exits
from src.cli.client import Client
from src.cli.collections import id_of
from src.cli.connection import connect
from src.cli.exits import UsageError
from src.cli.main import Invocation
from src.cli.output import print_json
from src.cli.simulation.agenda import split
from src.cli.simulation.curve import show_checkpoint, show_end, show_head
from src.cli.simulation.house import own_server
from src.cli.simulation.labelled import LabelledSet, read_set
from src.cli.simulation.replay import Replay
from src.cli.simulation.results import Checkpoint
from src.cli.simulation.scene import Scene


def run(invocation: Invocation) -> int:
    """0 where all went as it should, 1 where a search or a vote failed or the loop got stuck."""
    arguments = invocation.arguments
    scene = _scene(arguments)
    labelled = read_set(Path(arguments.set).expanduser())
    parts = split(labelled.questions, share=scene.kept, apart=scene.apart, seed=scene.seed)

    def tell(checkpoint: Checkpoint) -> None:
        show_checkpoint(checkpoint, error=arguments.json)

    with _tidy_end(), _server(invocation) as client:
        replay = Replay(client, labelled, scene, tell)
        with _collection(client, labelled, replay, arguments) as collection_id:
            show_head(labelled.name, len(parts.asked), len(parts.kept), error=arguments.json)
            outcome = replay.run(collection_id)
    if arguments.json:
        print_json(outcome.as_json())
    else:
        show_end(outcome)
    return exits.FAILED if outcome.problems else exits.OK


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Have a request to end do what Ctrl-C does: accounts, collection and server are put away before."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _scene(arguments: Any) -> Scene:
    for name, lowest in (("interactions", 1), ("readers", 1), ("floods", 0), ("threads", 1)):
        if getattr(arguments, name) < lowest:
            raise UsageError(f"--{name} is {lowest} or more.")
    for name in ("flips", "liars", "kept"):
        if not 0 <= getattr(arguments, name) <= 1:
            raise UsageError(f"--{name} is a share between 0 and 1.")
    return Scene(
        interactions=arguments.interactions,
        readers=arguments.readers,
        kept=arguments.kept,
        apart=arguments.apart,
        flips=arguments.flips,
        liars=arguments.liars,
        floods=arguments.floods,
        seed=arguments.seed,
        threads=arguments.threads,
    )


@contextmanager
def _server(invocation: Invocation) -> Iterator[Client]:
    if invocation.arguments.own_server:
        with own_server(invocation.settings(), invocation.environment) as client:
            yield client
    else:
        with connect(invocation, work=True) as client:
            yield client


@contextmanager
def _collection(client: Client, labelled: LabelledSet, replay: Replay, arguments: Any) -> Iterator[str]:
    """The collection that is named, or a private one with the documents of the set, deleted afterwards."""
    if arguments.collection:
        yield id_of(client, arguments.collection)
        return
    name = f"Simulation {labelled.name} {secrets.token_hex(3)}"
    made = client.post("/collections", {"name": name, "visibility": "private"})
    try:
        replay.fill(made["id"])
        yield made["id"]
    finally:
        if not arguments.keep:
            client.delete(f"/collections/{made['id']}")

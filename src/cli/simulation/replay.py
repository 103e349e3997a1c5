"""A simulation from its import to its last checkpoint, over the public API alone."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict

from src.cli.client import Client

from .agenda import Visit, agenda, split
from .board import Board
from .corpus import import_documents
from .crowd import ROUND, Crowd
from .labelled import LabelledSet
from .pace import tracked
from .people import People
from .rest import Rest
from .results import Checkpoint, Outcome, Treatment, quantiles
from .scene import Scene
from .story import Story

FLOOD_QUESTIONS = 20


class Replay:
    """Plays a scene in a collection that has the documents of the set; ``tell`` gets each checkpoint."""

    def __init__(
        self, client: Client, labelled: LabelledSet, scene: Scene, tell: Callable[[Checkpoint], None]
    ) -> None:
        self._client = client
        self._labelled = labelled
        self._scene = scene
        self._tell = tell
        self._split = split(labelled.questions, share=scene.kept, apart=scene.apart, seed=scene.seed)
        self._seconds: dict[str, float] = defaultdict(float)

    def fill(self, collection_id: str) -> None:
        """Import the documents of the set."""
        with self._timed("import"):
            import_documents(self._client, collection_id, self._labelled.documents)

    def run(self, collection_id: str) -> Outcome:
        """All interactions with their checkpoints. The accounts are switched off afterwards."""
        people = People(self._client, collection_id)
        try:
            with ThreadPoolExecutor(self._scene.threads, thread_name_prefix="reader") as threads:
                return self._play(collection_id, people, threads)
        finally:
            people.leave()

    def _play(self, collection_id: str, people: People, threads: Executor) -> Outcome:
        scene = self._scene
        with self._timed("accounts"):
            readers = list(threads.map(lambda kind: people.add(kind, scene.flips), scene.cast))
        rest = Rest(self._client, collection_id, patience_s=scene.patience_s)
        crowd = Crowd(readers, collection_id, rest, threads, seed=scene.seed)
        board = Board(self._client, collection_id, self._split.kept, threads)
        story = Story(self._client, collection_id)
        visits = agenda(
            self._split.asked, readers=scene.readers, interactions=scene.interactions, seed=scene.seed
        )
        checkpoints = [self._checkpoint(0, board, crowd)]
        for upto in scene.checkpoints:
            before = checkpoints[-1].interactions
            work = self._work(crowd, people, story, visits[before:upto])
            with self._timed("readers"):
                tracked(work, "Readers", total=upto, before=before, step=ROUND)
            checkpoints.append(self._checkpoint(upto, board, crowd))
        self._seconds["readers"] -= rest.waited_s
        self._seconds["waiting for the loop"] = rest.waited_s
        return Outcome(
            name=self._labelled.name,
            settings=asdict(scene),
            documents=len(self._labelled.documents),
            asked=len(self._split.asked),
            kept=len(self._split.kept),
            left_out=self._labelled.left_out,
            checkpoints=tuple(checkpoints),
            happenings=tuple(story.happenings),
            treatment=self._treatment(collection_id, people),
            runs=tuple(board.runs()),
            seconds={name: round(spent, 1) for name, spent in self._seconds.items()},
            problems=tuple(self._problems(crowd, rest)),
        )

    def _work(self, crowd: Crowd, people: People, story: Story, visits: Sequence[Visit]) -> Iterator[int]:
        half = self._scene.interactions / 2
        for number in crowd.work(visits):
            story.read(number)
            if number >= half > number - ROUND:
                for _ in range(self._scene.floods):
                    crowd.flood(people.add("flood", 0.0), self._split.asked[:FLOOD_QUESTIONS])
            yield number

    def _checkpoint(self, interactions: int, board: Board, crowd: Crowd) -> Checkpoint:
        with self._timed("measuring"):
            standings, live = board.standings(crowd.liked)
        found = Checkpoint(
            interactions=interactions,
            votes=dict(crowd.votes),
            live=live,
            standings=tuple(standings),
            search_ms=quantiles(crowd.search_ms),
        )
        crowd.search_ms.clear()
        self._tell(found)
        return found

    def _treatment(self, collection_id: str, people: People) -> dict[str, Treatment]:
        kinds: dict[str, str] = {reader.username: reader.kind for reader in people.all}
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for rating in self._client.items("/feedback", collection_id=collection_id, limit=500):
            votes[kinds.get(rating["rated_by"], "others")][rating["state"]] += 1
        readers = Counter(kinds.values())
        return {kind: Treatment(readers[kind], dict(found)) for kind, found in votes.items()}

    def _problems(self, crowd: Crowd, rest: Rest) -> Iterator[str]:
        for failure, times in Counter(crowd.failures).most_common(5):
            yield f"{failure}, {times} times" if times > 1 else failure
        if rest.overdue:
            yield f"the loop had not come to rest after {self._scene.patience_s:.0f} s, {rest.overdue} times"
        for agent in self._client.get("/agents")["items"]:
            if agent["dead_letters"]:
                yield f"{agent['name']} gave up on {agent['dead_letters']} events: {agent['last_error']}"

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self._seconds[part] += time.monotonic() - started

"""The analysis of failing questions: from what was rated and refused to a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from src.core.jobs import JobRun
from src.core.messages.questions import Search, SearchResults
from src.core.ports import Embedder, Vectors
from src.database.repositories.failures import Failures
from src.database.repositories.feedback import QuestionVectors
from src.database.repositories.insights import Insights
from src.database.uow import Database
from src.services import registry

from .analyzer import Analyzer
from .evidence import Words
from .examination import Examiner, Replayer
from .failures import Failure, Occurrence, by_question
from .gathering import Home, gather
from .report import Period, drafts
from .storing import going_on, store
from .titles import Titles

MOST_QUESTIONS = 1000
"""Of a collection in one run, the newest first: a report is a picture, and its cost grows with the square."""
_EMBEDDED_AT_ONCE = 20


class Analysis:
    """Finds why questions fail. ``period_days`` is what a report looks back on, and compares with as much
    before."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        words: Words,
        analyzers: Sequence[Analyzer],
        titles: Titles,
        *,
        period_days: int = 14,
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._words = words
        self._analyzers = tuple(analyzers)
        self._titles = titles
        self._examiner = Examiner(database, words, embedder.version)
        self._period_days = period_days

    def due(self) -> bool:
        """Whether there is anything to analyse, or a report that may be out of date."""
        since = self._period().before
        with self._database.read() as work:
            return bool(Insights(work.session).reported()) or Failures(work.session).any_since(since)

    def carry_out(self, run: JobRun, collection_id: Home) -> None:
        """Replace the report of a collection; for None those of all, and of what concerns several."""
        period = self._period()
        with self._database.read() as work:
            failures = Failures(work.session)
            found = gather(work, period.before)
            homes: set[Home] = {*found, *Insights(work.session).reported()}
            asked = failures.asked(period.start, period.now)
            asked_before = failures.asked(period.before, period.start)
        wanted = sorted(homes, key=str) if collection_id is None else [collection_id]
        for done, home in enumerate(wanted):
            run.progress(stage="analysing", done=done, total=len(wanted))
            of_home = replace(period, asked=asked[home], asked_before=asked_before[home])
            self._report(run, home, found.get(home, []), of_home)
            run.reached("reported")
        run.progress(stage="analysing", done=len(wanted), total=len(wanted))

    def _report(self, run: JobRun, home: Home, occurrences: Sequence[Occurrence], period: Period) -> None:
        asked = by_question(occurrences)
        keys = sorted(list(asked)[:MOST_QUESTIONS])
        vectors = self._vectors(run, {key: asked[key][0].question for key in keys})
        failures = [Failure(key, asked[key][0].question, vectors[key], tuple(asked[key])) for key in keys]
        replayer = self._replayer(run, home) if failures else None
        evidence = self._examiner.examine(home, failures, replayer, period.before)
        found = drafts(evidence, self._analyzers, self._words, period)
        with self._database.read() as work:
            before = Insights(work.session).of(home)
        same = going_on(found, before)
        known = {place: (record.report["title"], record.report["named_by"]) for place, record in same.items()}
        titles = self._titles.give(found, known)
        with self._database.begin(run.ctx) as work:
            if home is None or work.collections.find(home) is not None:
                store(work, home, found, titles, before)
                work.commit()

    def _vectors(self, run: JobRun, questions: Mapping[str, str]) -> dict[str, Vectors]:
        with self._database.read() as work:
            vectors = QuestionVectors(work.session).find(questions, self._embedder.version)
        for done, key in enumerate(key for key in questions if key not in vectors):
            if done % _EMBEDDED_AT_ONCE == 0:
                run.check()
            vectors[key] = self._embedder.embed_query(questions[key])
        return vectors

    def _period(self) -> Period:
        return Period(self._database.clock.now(), self._period_days)

    def _replayer(self, run: JobRun, home: Home) -> Replayer | None:
        if home is None:
            return None
        with self._database.begin(run.ctx) as work:
            if work.collections.find(home) is None:
                return None
            model_id = registry.live_model(work, home).id
            work.commit()

        def search(asked: Search) -> SearchResults:
            run.check()
            return run.ctx.ask(asked)

        return Replayer(search, home, model_id)

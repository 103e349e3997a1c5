"""The feedback analyst agent."""

from __future__ import annotations

from functools import partial

from src.core.agent import Agent, every, handles, on, runs
from src.core.context import Context
from src.core.jobs import JobRun
from src.core.messages import Page
from src.core.messages.accounts import UserDeleted
from src.core.messages.feedback import (
    AnswerRatings,
    ListFeedback,
    NoteSignal,
    RateAnswer,
    RateCitation,
    RateHit,
    Rating,
    RatingReceived,
    Reviewed,
    ReviewRatings,
    UnrateAnswer,
    UnrateCitation,
    UnrateHit,
)
from src.core.messages.insights import (
    AnalyseJob,
    Insight,
    ListInsights,
    QueuedAnalysis,
    RatingOutcome,
    RatingOutcomes,
    RefreshInsights,
)
from src.core.messages.questions import QuestionAnswered
from src.core.ports import Embedder
from src.database.uow import Database

from . import subjects
from .analysis import Analysis
from .analysis.listing import enqueue, list_insights, refresh
from .checking import RatingCheck
from .listing import list_ratings, ratings_of_answer
from .outcomes import outcomes
from .ratings import Said, give, said_of, take_back
from .reviewing import review
from .signals import Words, note, note_asked_again

ANALYSE_S = 3600.0


class FeedbackAnalystAgent(Agent):
    """Takes ratings, checks them before they teach anything, and finds why questions fail."""

    name = "feedback_analyst"

    def __init__(self, database: Database, embedder: Embedder, words: Words, analysis: Analysis) -> None:
        self._database = database
        self._words = words
        self._check = RatingCheck(database, embedder)
        self._analysis = analysis

    @handles(RateAnswer)
    def rate_answer(self, request: RateAnswer, ctx: Context) -> Rating:
        said = Said(
            request.verdict.value,
            request.stars,
            tuple(reason.value for reason in request.reasons),
            request.comment,
            request.correction,
        )
        return give(self._database, subjects.answer(request.answer_id), said, ctx)

    @handles(UnrateAnswer)
    def unrate_answer(self, request: UnrateAnswer, ctx: Context) -> None:
        seen = partial(subjects.own_answer, answer_id=request.answer_id)
        take_back(self._database, subjects.answer_key(request.answer_id), seen, ctx)

    @handles(AnswerRatings)
    def answer_ratings(self, request: AnswerRatings, ctx: Context) -> Page[Rating]:
        return ratings_of_answer(self._database, request, ctx)

    @handles(RateCitation)
    def rate_citation(self, request: RateCitation, ctx: Context) -> Rating:
        cited = subjects.citation(request.answer_id, request.marker)
        return give(self._database, cited, said_of(request.verdict), ctx)

    @handles(UnrateCitation)
    def unrate_citation(self, request: UnrateCitation, ctx: Context) -> None:
        seen = partial(subjects.shown_citation, answer_id=request.answer_id, marker=request.marker)
        take_back(self._database, subjects.citation_key(request.answer_id, request.marker), seen, ctx)

    @handles(RateHit)
    def rate_hit(self, request: RateHit, ctx: Context) -> Rating:
        shown = subjects.hit(request.query_id, request.passage_id)
        return give(self._database, shown, said_of(request.verdict), ctx)

    @handles(UnrateHit)
    def unrate_hit(self, request: UnrateHit, ctx: Context) -> None:
        seen = partial(subjects.shown_hit, query_id=request.query_id, passage_id=request.passage_id)
        take_back(self._database, subjects.hit_key(request.query_id, request.passage_id), seen, ctx)

    @handles(NoteSignal)
    def note_signal(self, request: NoteSignal, ctx: Context) -> None:
        note(self._database, request, ctx)

    @handles(ListFeedback)
    def list_feedback(self, request: ListFeedback, ctx: Context) -> Page[Rating]:
        return list_ratings(self._database, request, ctx)

    @handles(RatingOutcomes)
    def rating_outcomes(self, request: RatingOutcomes, ctx: Context) -> Page[RatingOutcome]:
        return outcomes(self._database, request, ctx)

    @handles(ReviewRatings)
    def review_ratings(self, request: ReviewRatings, ctx: Context) -> Reviewed:
        return review(self._database, request, ctx)

    @on(RatingReceived)
    def check(self, event: RatingReceived, ctx: Context) -> None:
        self._check.carry_out(ctx)

    @on(QuestionAnswered)
    def notice_repetition(self, event: QuestionAnswered, ctx: Context) -> None:
        note_asked_again(self._database, self._words, event, ctx)

    @handles(ListInsights)
    def list_insights(self, request: ListInsights, ctx: Context) -> Page[Insight]:
        return list_insights(self._database, request, ctx)

    @handles(RefreshInsights)
    def refresh_insights(self, request: RefreshInsights, ctx: Context) -> QueuedAnalysis:
        return refresh(self._database, request, ctx)

    @runs(AnalyseJob)
    def analyse(self, job: AnalyseJob, run: JobRun) -> None:
        self._analysis.carry_out(run, job.collection_id)

    @on(UserDeleted)
    def forget_reader(self, event: UserDeleted, ctx: Context) -> None:
        """No report quotes a deleted user any longer."""
        self.analyse_again(ctx)

    @every(ANALYSE_S)
    def analyse_again(self, ctx: Context) -> None:
        """Bring the reports up to date where anything failed."""
        if self._analysis.due():
            with self._database.begin(ctx) as work:
                enqueue(work, None)
                work.commit()

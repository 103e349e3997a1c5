"""What readers say of the answers, and what the answers say of themselves."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import case, distinct, func, select

from src.agents.monitor.measuring import Family, Look, Sample
from src.core.messages.feedback import RatingState, Verdict
from src.database.models import AnswerRecord, RatingRecord, SearchRecord

DAY_S = 86_400.0
_COUNTING = (RatingState.NEW.value, RatingState.COUNTED.value)


class QualityCollector:
    """Rates of the last day, each with the number of observations that it rests on. Ratings that are held
    for somebody to look at, or were discarded, are counted apart and are in no share."""

    name = "quality"
    seconds = 60.0
    families = (
        Family("stoa_answers", "gauge", "Answers of the last day."),
        Family("stoa_searches", "gauge", "Searches of the last day, those behind answers among them."),
        Family("stoa_ratings", "gauge", "Ratings of the last day by verdict and state."),
        Family("stoa_rated_share", "gauge", "Share of the last day's answers that were rated."),
        Family("stoa_down_share", "gauge", "Share of down-votes in the last day's ratings."),
        Family("stoa_refused_share", "gauge", "Share of the last day's answers that were refused."),
        Family("stoa_claims", "gauge", "Statements in the last day's answers of a language model."),
        Family("stoa_unsupported_share", "gauge", "Share of those statements that have no source."),
        Family("stoa_llm_cost_usd", "gauge", "List price of the last day's answers, by model."),
        Family("stoa_llm_tokens", "gauge", "Tokens of the last day's answers, by model and direction."),
        Family("stoa_llm_spent_usd", "gauge", "List price of the last day's answers of all models."),
    )

    def collect(self, look: Look) -> Iterator[Sample]:
        since = look.ago(DAY_S)
        of_answers = (
            select(
                AnswerRecord.model,
                func.count(),
                func.sum(case((AnswerRecord.refused, 1), else_=0)),
                func.sum(AnswerRecord.claims),
                func.sum(AnswerRecord.unsupported),
                func.sum(AnswerRecord.input_tokens),
                func.sum(AnswerRecord.output_tokens),
                func.sum(AnswerRecord.cost_usd),
            )
            .where(AnswerRecord.asked_at >= since)
            .group_by(AnswerRecord.model)
        )
        of_ratings = (
            select(RatingRecord.verdict, RatingRecord.state, func.count())
            .where(RatingRecord.updated_at >= since)
            .group_by(RatingRecord.verdict, RatingRecord.state)
        )
        rated = (
            select(func.count(distinct(AnswerRecord.id)))
            .join(RatingRecord, RatingRecord.answer_id == AnswerRecord.id)
            .where(AnswerRecord.asked_at >= since)
        )
        searches = select(func.count()).select_from(SearchRecord).where(SearchRecord.at >= since)
        with look.database.read() as work:
            models = work.session.execute(of_answers).all()
            ratings = work.session.execute(of_ratings).all()
            rated_answers = work.session.scalar(rated) or 0
            yield Sample("stoa_searches", work.session.scalar(searches) or 0)
        total = sum(row[1] for row in models)
        yield Sample("stoa_answers", total)
        if total:
            yield Sample("stoa_rated_share", rated_answers / total, {}, total)
            yield Sample("stoa_refused_share", sum(row[2] for row in models) / total, {}, total)
        claims = sum(row[3] for row in models)
        yield Sample("stoa_claims", claims)
        if claims:
            yield Sample("stoa_unsupported_share", sum(row[4] for row in models) / claims, {}, claims)
        for verdict, state, count in sorted(ratings):
            yield Sample("stoa_ratings", count, {"verdict": verdict, "state": state})
        votes = {verdict: 0 for verdict in Verdict}
        for verdict, state, count in ratings:
            if state in _COUNTING:
                votes[Verdict(verdict)] += count
        if given := sum(votes.values()):
            yield Sample("stoa_down_share", votes[Verdict.DOWN] / given, {}, given)
        for model, *_, tokens_in, tokens_out, cost in sorted(models, key=lambda row: row[0]):
            if tokens_in or tokens_out:
                yield Sample("stoa_llm_tokens", tokens_in, {"model": model, "direction": "in"})
                yield Sample("stoa_llm_tokens", tokens_out, {"model": model, "direction": "out"})
                yield Sample("stoa_llm_cost_usd", cost or 0.0, {"model": model})
        yield Sample("stoa_llm_spent_usd", sum(row[7] or 0.0 for row in models))

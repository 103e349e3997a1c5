"""What a person decides on ratings that were held."""

from __future__ import annotations

from src.core.context import Context
from src.core.messages.feedback import Decision, RatingReviewed, RatingState, Reviewed, ReviewRatings
from src.database.repositories.feedback import Ratings
from src.database.uow import Database

from .checking import count
from .views import event_fields

_OPEN = {
    Decision.RELEASE: {RatingState.HELD, RatingState.DISCARDED},
    Decision.DISCARD: {RatingState.NEW, RatingState.COUNTED, RatingState.HELD},
}


def review(database: Database, request: ReviewRatings, ctx: Context) -> Reviewed:
    """Release or discard the ratings that can be; ``held_reason`` stays with what was discarded."""
    with database.begin(ctx) as work:
        ratings = Ratings(work.session)
        found = ratings.chosen(set(request.rating_ids))
        changed = [record for record in found if RatingState(record.state) in _OPEN[request.decision]]
        experiments = ratings.experiments({record.search_id for record in changed})
        for record in changed:
            record.reviewed_by = ctx.caller.username
            if request.decision is Decision.DISCARD:
                record.state = RatingState.DISCARDED.value
            fields = event_fields(record, experiments.get(record.search_id))
            work.publish(RatingReviewed(**fields, decision=request.decision, by=ctx.caller.username))
        if request.decision is Decision.RELEASE:
            count(work, changed)
        work.commit()
    return Reviewed(changed=len(changed))

"""The page of a training run that tuned the embedding model: its loss, and what each rung is worth."""

from __future__ import annotations

from src.core.clock import new_id
from src.database.models import TrainingRunRecord
from tests.support.site import Site, marked, words


def tuned(site: Site) -> str:
    """The id of a run with ninety steps."""
    with site.house.application.database.begin() as work:
        record = work.training_runs.add(
            TrainingRunRecord(
                id=new_id(),
                collection_id=site.collection_id,
                trainer="full",
                state="succeeded",
                configuration={"up_votes": 500},
                seed=0,
                environment={},
                curves={"loss": [2.0 - step / 50 for step in range(90)]},
                figures={
                    "measure": "nDCG@10",
                    "questions": 400,
                    "against_default": {
                        "all": {
                            "questions": 115,
                            "base": 0.7,
                            "trained": 0.75,
                            "change": 0.05,
                            "lower": 0.03,
                            "upper": 0.07,
                            "better": 40,
                            "worse": 10,
                            "sentence": "nDCG@10 +0.050",
                        }
                    },
                    "by_rung": {
                        "default": 0.7,
                        "rank weights": 0.73,
                        "embedding model": 0.72,
                        "both": 0.75,
                    },
                },
                created_at=work.now(),
                finished_at=work.now(),
            )
        )
        work.commit()
        return record.id


def test_a_fine_tune_is_drawn_with_its_loss_and_told_by_rung(site: Site) -> None:
    page = site.visitor().page(f"/learning/runs/{tuned(site)}")
    (drawn,) = marked(page, "chart")
    assert "Embedding model: loss on what it is tuned on" in words(drawn)
    assert len(drawn.css("circle")) == 30
    assert "90" in words(drawn), "the last step is in the table"
    (rungs,) = marked(page, "rungs")
    told = words(rungs)
    assert "with rank weights 0.7300" in told
    assert "with the tuned embedding model 0.7200" in told
    assert "with both 0.7500" in told

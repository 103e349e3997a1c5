"""A ranking with weights that a person names is tried on mixed lists like one that was learned."""

from __future__ import annotations

import pytest

from src.core.errors import ConflictError, InvalidRequestError
from src.core.messages.experiments import Experiment, GetExperiment, StartExperiment, StopExperiment
from src.core.messages.models import GetModel, ModelRole, PromoteModel
from src.core.messages.questions import Search
from src.database.models import SearchRecord
from tests.support.application import House

QUESTION = "kettle descaling schedule"
FILES = {
    "words.md": "Kettle descaling schedule schedule kettle descaling: see the annex.\n",
    "meaning.md": "Remove limescale from the water boiler once a month, with vinegar.\n",
    "other.md": "The lighthouse keeper counts the boats every evening.\n",
}


def start(house: House, collection_id: str, **fields: object) -> Experiment:
    return house.ask(StartExperiment.model_validate({"collection_id": collection_id, **fields}))


def scores(house: House, collection_id: str, model_id: str | None) -> dict[str, float]:
    """Each document with its score in the model's own ranking."""
    request = Search(query=QUESTION, collection_ids=(collection_id,), model_id=model_id)
    return {hit.external_id: hit.score for hit in house.ask(request).hits}


def test_named_weights_rank_on_trial_and_after_a_promotion(house: House) -> None:
    collection_id = house.collection()
    house.upload(collection_id, dict(FILES))
    made = start(house, collection_id, weights={"lexical": 2.0})
    model = house.ask(GetModel(model_id=made.treatment_id))
    assert (model.role, model.kind, model.state) == (ModelRole.RANKING, "weights", "trial")
    assert model.card["fusion"] == {"lexical": 2.0, "identifier": 0.1}
    usual, other = (scores(house, collection_id, key) for key in (made.control_id, made.treatment_id))
    assert other["words.md"] - usual["words.md"] == pytest.approx(1.75, abs=1e-5), (
        "the best of BM25 counts whole"
    )
    shown = house.ask(Search(query=QUESTION, collection_ids=(collection_id,)))
    with house.application.database.read() as work:
        record = work.session.get(SearchRecord, shown.query_id)
        assert record is not None
        assert record.experiment_id == made.id
    house.ask(PromoteModel(model_id=model.id))
    house.ask(StopExperiment(experiment_id=_running(house, collection_id)))
    assert scores(house, collection_id, None) == pytest.approx(other)


def test_what_to_weigh_must_be_said_clearly(house: House) -> None:
    collection_id = house.collection()
    with pytest.raises(InvalidRequestError, match="one of the three"):
        start(house, collection_id, weights={}, aa=True)
    with pytest.raises(InvalidRequestError, match="interleaving"):
        start(house, collection_id, method="ab", weights={})


def test_a_comparison_of_equals_is_not_swept_away_by_another(house: House) -> None:
    collection_id = house.collection()
    house.upload(collection_id, dict(FILES))
    equals = start(house, collection_id, aa=True)
    for fields in ({"aa": True}, {"weights": {"lexical": 2.0}}):
        with pytest.raises(ConflictError, match="equal against equal is running"):
            start(house, collection_id, **fields)
    assert house.ask(GetExperiment(experiment_id=equals.id)).state == "running"


def _running(house: House, collection_id: str) -> str:
    with house.application.database.read() as work:
        found = work.experiments.running(collection_id)
        assert found is not None
        return found.id

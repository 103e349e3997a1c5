"""The form that begins a comparison of rankings."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.core.messages.experiments import GetExperiment
from src.core.messages.models import GetModel
from tests.support.rankers import add_candidate, by_cosine
from tests.support.site import READER, Site, marked, serving, words


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: what is compared here would change the lists of others."""
    with serving(tmp_path_factory.mktemp("trying")) as made:
        yield made


def test_only_who_may_change_a_collection_sees_the_form(site: Site) -> None:
    assert site.visitor(as_=READER).get(f"/learning/collections/{site.collection_id}/try").status_code == 403


def test_a_ranking_is_tried_with_weights_by_a_form_that_says_before_what_it_takes(site: Site) -> None:
    visitor = site.visitor()
    other = add_candidate(site.house.application, site.collection_id, by_cosine(1.0)).id
    (link,) = marked(visitor.page(f"/learning/models/{other}"), "try")
    form = visitor.page(str(link.attributes["href"]))
    assert "A gain of +0.030 is found in 80% of trials" in words(marked(form, "plan")[0])
    (chosen,) = form.css("#model option[selected]")
    assert chosen.attributes["value"] == other
    address = f"/learning/collections/{site.collection_id}/experiments"
    both = visitor.send(address, {"model": other, "lexical": "0.5"})
    assert "one of the three" in words(visitor.read(both, status=422))
    unread = visitor.send(address, {"lexical": "much", "percent": "half"})
    assert unread.status_code == 422
    begun = visitor.send(address, {"lexical": "0.5", "identifier": "", "model": "", "percent": "40"})
    experiment = site.house.ask(GetExperiment(experiment_id=str(begun.location).rsplit("/", 1)[-1]))
    assert experiment.share == 0.4
    tried = site.house.ask(GetModel(model_id=experiment.treatment_id))
    assert tried.card["fusion"] == {"lexical": 0.5, "identifier": 0.1}
    (told,) = marked(visitor.page(f"/learning/collections/{site.collection_id}/try"), "running")
    assert "This is running already: Trial of a candidate" in words(told)
    visitor.send(f"{begun.location}/stop", {})
    assert not marked(visitor.page(f"/learning/collections/{site.collection_id}/try"), "running")

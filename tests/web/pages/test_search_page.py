"""Ranked passages as a page."""

from __future__ import annotations

from src.core.messages.collections import DeleteCollection
from tests.support.site import Site, marked, words


def test_hits_come_ranked_with_scores_and_times(site: Site) -> None:
    tree = site.visitor().page("/search?q=cheapest+item+of+a+basket")
    hits = marked(tree, "hit")
    assert "cheapest_item" in words(hits[0])
    assert "rank 1" in words(marked(hits[0], "scores")[0])
    assert "ms" in words(marked(tree, "timings")[0])


def test_a_hit_opens_at_its_lines(site: Site) -> None:
    visitor = site.visitor()
    tree = visitor.page("/search?q=cheapest_item")
    href = str(marked(tree, "hit-link")[0].attributes["href"])
    lines = visitor.page(href).css(".line.marked")
    assert any("cheapest_item" in words(line) for line in lines)


def test_filters_narrow_and_stay_filled_in(site: Site) -> None:
    tree = site.visitor().page("/search?q=parcel&path=docs/*&types=markdown&k=25")
    assert all("shipping" in words(link) for link in marked(tree, "hit-link"))
    fields = {name: tree.css_first(f"#{name}") for name in ("path", "types")}
    assert {name: field.attributes["value"] for name, field in fields.items() if field} == {
        "path": "docs/*",
        "types": "markdown",
    }


def test_a_filter_that_leaves_nothing_says_so(site: Site) -> None:
    tree = site.visitor().page("/search?q=parcel&path=no/such/*")
    assert "take the filters off" in words(marked(tree, "no-hits")[0])


def test_a_bad_amount_is_refused_beside_the_form(site: Site) -> None:
    tree = site.visitor().page("/search?q=parcel&k=1000", status=422)
    assert "k" in words(marked(tree, "problem")[0])
    assert marked(tree, "search-form")


def test_with_several_collections_each_hit_names_its_own(site: Site) -> None:
    visitor = site.visitor()
    other = site.house.collection("Depot")
    try:
        site.house.upload(other, {"guide.md": "# Parcels\n\nA parcel leaves the depot at noon.\n"})
        names = {words(name) for name in marked(visitor.page("/search?q=parcel"), "hit-collection")}
    finally:
        site.house.ask(DeleteCollection(collection_id=other))
    assert len(names) > 1
    assert sum("Depot" in name for name in names) == 1

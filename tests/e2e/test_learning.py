"""Learning and the console in a browser: on a phone, by keyboard, and from a figure to its reason."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from src.core.messages.collections import CreateCollection
from src.core.messages.golden import AddGoldenSet, GoldenJudgment, GoldenQuestion
from src.services.evaluation.sequential import DecisionRule
from tests.e2e.conftest import Person
from tests.support.chromium import NARROW, page_overflows, resize
from tests.support.learned import SUMMARY, WHY, learned
from tests.support.site import Site, serving

pytestmark = pytest.mark.browser

PATHS = (
    "/learning",
    "/learning/ratings",
    "/learning/insights",
    "/learning/runs",
    "/learning/runs/{run}",
    "/learning/datasets",
    "/learning/datasets/{dataset}",
    "/learning/models?collection={collection}",
    "/learning/models/{model}",
    "/learning/experiments?collection={collection}",
    "/learning/experiments/{experiment}",
    "/learning/collections/{collection}/compare",
    "/learning/collections/{collection}/try",
    "/learning/collections/{collection}/uncut/128-tokens",
    "/learning/board?collection={collection}",
    "/learning/replay?q=parcel&collection={collection}",
    "/learning/mine",
    "/search?q=parcel",
    "/agents/alerts",
    "/agents/activities",
    "/agents/capabilities",
)
UNLIT = """
const unlit = [];
const reached = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]";
for (const one of document.querySelectorAll(reached)) {
  if (one.id === "main" || !one.checkVisibility()) continue;
  one.focus({focusVisible: true});
  let lit = false;
  for (let node = one, up = 0; node && up < 4; node = node.parentElement, up++) {
    const style = getComputedStyle(node);
    lit ||= style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 1;
  }
  if (document.activeElement !== one || !lit) unlit.push(one.outerHTML.slice(0, 120));
}
return unlit;
"""
"""What can be reached by keyboard and does not show it."""
UNFOLD = "for (const one of document.querySelectorAll('details:not([hx-get])')) one.open = true"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own, since what ranks in it is made up."""
    with serving(tmp_path_factory.mktemp("learned")) as made:
        unbroken = made.house.ask(CreateCollection(name="A-name-without-any-space-" * 6)).id
        made.house.upload(unbroken, {"late.md": "# Late\n\nA parcel that is late is looked for.\n"})
        yield made


@pytest.fixture(scope="module")
def places(site: Site) -> dict[str, str]:
    return {"collection": site.collection_id, **learned(site)}


def test_learning_is_read_on_a_phone_without_scrolling_sideways(
    person: Person, places: dict[str, str]
) -> None:
    wide = []
    for width in (360, NARROW[0]):
        resize(person.browser, (width, NARROW[1]))
        for path in PATHS:
            person.open(path.format(**places))
            person.browser.execute_script(UNFOLD)
            if page_overflows(person.browser):
                wide.append((path, width))
    assert wide == []


def test_every_tab_is_in_sight_on_a_phone(person: Person, places: dict[str, str]) -> None:
    resize(person.browser, (360, NARROW[1]))
    for path in ("/learning", "/agents"):
        person.open(path)
        edges = person.browser.execute_script(
            "return [...document.querySelectorAll('nav a')].map(one => one.getBoundingClientRect().right)"
        )
        assert max(edges) <= 360


def test_whatever_the_keyboard_reaches_shows_it(person: Person, places: dict[str, str]) -> None:
    unlit = {}
    for path in PATHS:
        person.open(path.format(**places))
        found = person.browser.execute_script(UNLIT)
        if found:
            unlit[path] = found
    assert unlit == {}


def test_one_comes_from_the_loop_to_why_a_version_ranks(person: Person, places: dict[str, str]) -> None:
    person.open("/learning")
    told = person.see("live-why").text
    assert SUMMARY in told
    assert WHY in told
    person.browser.find_element("css selector", ".step[data-step=live] a").click()
    changes = person.see("changes", "by the experiment runner")
    changes.find_element("link text", "The comparison").click()
    person.see("verdict", WHY)
    chart = person.see("chart")
    chart.find_element("tag name", "summary").click()
    assert "+0.018 +0.003 +0.034" in person.see("looks").text
    fixed = DecisionRule()
    first = f"{fixed.looks[0]} up-votes {fixed.critical[0]:.2f} {100 * fixed.spending[0]:.1f}%"
    assert first in person.see("rule").text


def test_what_was_typed_stays_where_a_comparison_is_refused(person: Person, places: dict[str, str]) -> None:
    person.open(f"/learning/collections/{places['collection']}/compare")
    person.see("template").send_keys("Answer in verse, whatever you are asked.")
    person.click("compare-start")
    person.see("problem", "configure a language model first")
    assert person.see("template").get_attribute("value") == "Answer in verse, whatever you are asked."


def test_a_golden_set_that_is_removed_is_gone_from_the_board(person: Person, places: dict[str, str]) -> None:
    question = GoldenQuestion(question="Who sails?", judgments=(GoldenJudgment(external_id="ferry.md"),))
    person.site.house.ask(AddGoldenSet(collection_id=places["collection"], name="Old", questions=(question,)))
    person.open(f"/learning/board?collection={places['collection']}")
    person.see("unfound", "1 measure nothing")
    person.see("golden-set").find_element("link text", "Old").click()
    person.see("golden-question", "it measures nothing")
    person.click("delete-question")
    person.click("delete-question-confirm")
    person.see("golden-questions", "the set is empty")
    person.open(f"/learning/board?collection={places['collection']}")
    person.click("delete-golden")
    person.click("delete-golden-confirm")
    person.see("flash", "removed")
    person.gone("golden-set")


def test_what_is_drawn_of_a_run_is_in_its_tables(person: Person, places: dict[str, str]) -> None:
    person.open(f"/learning/runs/{places['run']}")
    penalties, adapter = person.all("chart")
    assert [one.text for one in penalties.find_elements("css selector", "svg text")][-5:] == [
        "0.1",
        "1",
        "10",
        "100",
        "1000",
    ]
    adapter.find_element("tag name", "summary").click()
    rows = person.see("epochs").find_elements("css selector", "tbody tr")
    assert [row.text for row in rows] == [
        "0 (untrained) 0.8900 0.9000 kept",
        "1 0.9000 0.8900",
        "2 0.9100 kept",
    ]

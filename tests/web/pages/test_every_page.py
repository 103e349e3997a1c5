"""What holds for each page: it can be read by everyone, runs nothing that is not ours, and is light."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from src.core.messages.documents import ListDocuments
from tests.support.site import Site, Visitor, marked, words

PATHS = {
    "ask": "/",
    "answer": "{answer}",
    "search": "/search?q=parcel",
    "collections": "/collections",
    "collection": "/collections/{collection}",
    "document": "/documents/{document}",
    "learning": "/learning",
    "ratings": "/learning/ratings",
    "models": "/learning/models",
    "uncut": "/learning/collections/{collection}/uncut/configured",
    "replay": "/learning/replay",
    "experiments": "/learning/experiments",
    "compare": "/learning/collections/{collection}/compare",
    "compare rankings": "/learning/collections/{collection}/try",
    "training": "/learning/runs",
    "data sets": "/learning/datasets",
    "board": "/learning/board",
    "insights": "/learning/insights",
    "own ratings": "/learning/mine",
    "agents": "/agents",
    "alerts": "/agents/alerts",
    "events": "/agents/events",
    "activities": "/agents/activities",
    "capabilities": "/agents/capabilities",
    "account": "/account",
    "missing": "/no/such/page",
    "sign in": "/login",
}
HEAVIEST_BYTES = 120_000


@pytest.fixture(scope="module")
def places(site: Site) -> dict[str, str]:
    visitor = site.visitor()
    visitor.page("/")
    answer = visitor.send("/ask", {"question": "How long does a parcel take?"}).location
    documents = site.house.ask(ListDocuments(collection_id=site.collection_id, text="basket")).items
    return {"answer": str(answer), "collection": site.collection_id, "document": documents[0].id}


@pytest.fixture(params=list(PATHS))
def shown(site: Site, places: dict[str, str], request: pytest.FixtureRequest) -> LexborHTMLParser:
    path = PATHS[request.param].format(**places)
    visitor = site.visitor(signed_in=path != "/login")
    return visitor.page(path, status=404 if request.param == "missing" else 200)


def test_it_has_a_language_a_title_one_heading_and_landmarks(shown: LexborHTMLParser) -> None:
    root = shown.css_first("html")
    assert root is not None
    assert root.attributes["lang"] == "en"
    assert words(shown.css_first("title")).endswith("· Stoa")
    headings = shown.css("h1") or shown.css("h2.question")
    assert headings
    assert len(shown.css("main")) == 1
    skip = shown.css_first("a.skip")
    assert skip is not None
    assert skip.attributes["href"] == "#main"


def test_ids_are_unique(shown: LexborHTMLParser) -> None:
    ids = [node.attributes["id"] for node in shown.css("[id]")]
    assert len(ids) == len(set(ids)), sorted(one for one in ids if ids.count(one) > 1)


def test_what_labels_and_descriptions_point_to_exists(shown: LexborHTMLParser) -> None:
    ids = {node.attributes["id"] for node in shown.css("[id]")}
    for name in ("for", "aria-describedby", "aria-labelledby", "list"):
        for node in shown.css(f"[{name}]"):
            assert node.attributes[name] in ids, node.html


def test_every_field_and_button_has_a_name(shown: LexborHTMLParser) -> None:
    labelled = {label.attributes.get("for") for label in shown.css("label")}
    wrapped = {node.mem_id for label in shown.css("label") for node in label.css("input, select, textarea")}
    for field in shown.css("input:not([type=hidden]), select, textarea"):
        assert field.attributes.get("id") in labelled or field.mem_id in wrapped, field.html
    for button in shown.css("button, summary, a"):
        assert words(button) or button.attributes.get("aria-label"), button.html


def test_nothing_runs_or_looks_by_what_stands_in_the_page(shown: LexborHTMLParser) -> None:
    assert not shown.css("[style], style, script:not([src])")
    for node in shown.css("*"):
        handlers = [name for name in node.attributes if name.startswith(("on", "hx-on"))]
        assert not handlers, node.html


def test_everything_it_loads_is_ours(shown: LexborHTMLParser) -> None:
    for node in shown.css("script[src], link[href], img[src]"):
        address = str(node.attributes.get("src") or node.attributes.get("href"))
        assert address.startswith("/"), address
        assert "?v=" in address


def test_every_unsafe_form_carries_a_token(shown: LexborHTMLParser) -> None:
    for form in shown.css("form[method=post]"):
        assert form.css_first("input[name=csrf_token]") is not None, form.html


def test_links_to_other_sites_give_nothing_away(shown: LexborHTMLParser) -> None:
    for link in shown.css('a[href^="http"]'):
        assert "noopener" in str(link.attributes.get("rel"))


@pytest.mark.parametrize("name", ["ask", "collection", "document", "agents"])
def test_a_page_is_light(site: Site, places: dict[str, str], name: str) -> None:
    visitor = site.visitor()
    tree = visitor.page(PATHS[name].format(**places))
    assert weight(visitor, tree) < HEAVIEST_BYTES


def test_static_files_are_kept_for_good_under_an_address_of_their_content(site: Site) -> None:
    visitor = site.visitor(signed_in=False)
    tree = visitor.page("/login")
    for node in tree.css("script[src], link[href]"):
        response = visitor.get(str(node.attributes.get("src") or node.attributes.get("href")))
        assert response.status_code == 200
        assert "max-age=31536000" in response.headers["Cache-Control"]
        assert re.match(r"(text/css|text/javascript|image/svg)", response.mimetype)


def test_pages_themselves_are_never_kept(site: Site) -> None:
    assert site.visitor().get("/").headers["Cache-Control"] == "no-store"


def test_the_policy_allows_no_inline_scripts_or_styles(site: Site) -> None:
    policy = site.visitor().get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_missing_page_looks_like_the_others(site: Site) -> None:
    tree = site.visitor().page("/no/such/page", status=404)
    assert marked(tree, "error-page")
    assert tree.css("nav")


@pytest.mark.parametrize("referrer", ["http://[::1", "//[", "http://a]/", "\u00ff"])
def test_a_referrer_that_is_no_address_is_as_good_as_none(site: Site, referrer: str) -> None:
    client = site.visitor().client
    assert client.get("/nowhere", headers={"Referer": referrer}).status_code == 404
    assert client.post("/logout", headers={"Referer": referrer}).status_code == 400


def test_a_file_too_large_for_the_server_is_refused_in_words(site: Site) -> None:
    visitor = site.visitor()
    visitor.page("/")
    limit = site.app.config["MAX_CONTENT_LENGTH"]
    response = visitor.client.post("/account/tokens", headers={"Content-Length": str(limit + 1)})
    assert response.status_code in {400, 413}
    assert "<h1>" in response.text


def weight(visitor: Visitor, tree: LexborHTMLParser) -> int:
    """Bytes of the page with all that it loads, not compressed."""
    total = len((tree.html or "").encode())
    for node in tree.css("script[src], link[href]"):
        total += len(visitor.get(str(node.attributes.get("src") or node.attributes.get("href"))).data)
    return total

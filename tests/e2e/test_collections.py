"""Filling a collection by hand, and what becomes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from tests.e2e.conftest import Person
from tests.support.site import BROKEN_PDF

pytestmark = pytest.mark.browser


def make_collection(person: Person, name: str) -> str:
    """A new collection by its form; returns its id."""
    person.open("/collections")
    person.browser.find_element(By.ID, "name").send_keys(name)
    person.click("create")
    person.see("collection-name", name)
    return person.browser.current_url.rsplit("/", 1)[1]


def test_chosen_files_are_sent_at_once_and_become_indexed(person: Person, tmp_path: Path) -> None:
    make_collection(person, "By hand")
    paths = []
    for number in range(3):
        path = tmp_path / f"page{number}.md"
        path.write_text(f"# Page {number}\n\nThe lighthouse keeper wrote page {number}.\n")
        paths.append(str(path))
    person.browser.find_element(By.ID, "files").send_keys("\n".join(paths))
    assert "3 files taken" in person.see("toast").text
    person.see("count-indexed", "3")
    person.wait(
        lambda: [row.get_attribute("data-state") for row in person.all("document")] == ["indexed"] * 3,
        "three indexed rows",
    )
    person.gone("job")
    person.open("/")
    turn = person.ask("What did the lighthouse keeper write?")
    assert "page" in turn.text


def test_a_dropped_file_is_sent(person: Person) -> None:
    make_collection(person, "By drop")
    person.browser.execute_script(
        """
        const transfer = new DataTransfer();
        transfer.items.add(new File(["# Dropped\\n\\nFrom above."], "dropped.md"));
        for (const name of ["dragenter", "dragover", "drop"])
          document.body.dispatchEvent(
            new DragEvent(name, {dataTransfer: transfer, bubbles: true, cancelable: true}));
        """
    )
    person.see("document", "dropped.md")
    person.see("count-indexed", "1")


def test_a_folder_source_is_read_and_asked_about(person: Person) -> None:
    folder = person.site.roots / "lighthouse"
    folder.mkdir()
    (folder / "lamp.md").write_text("# Lamp\n\nThe lamp of the lighthouse burns whale oil.\n")
    collection = make_collection(person, "By folder")
    person.click("adder-source", "Add a repository")
    person.click("kind-folder")
    person.browser.find_element(By.ID, "location").send_keys(str(folder))
    person.click("add-source-send")
    source = person.see("source", str(folder))
    assert source
    person.see("count-indexed", "1")
    person.wait(
        lambda: person.all("source")[0].get_attribute("data-state") == "ready", "the source to be ready"
    )
    person.open(f"/search?q=whale+oil&collection={collection}")
    assert "lamp" in person.see("hit").text


def test_a_source_that_is_refused_says_why_beside_the_form(person: Person) -> None:
    make_collection(person, "Refused")
    person.click("adder-source", "Add a repository")
    person.click("kind-folder")
    person.browser.find_element(By.ID, "location").send_keys("/etc")
    person.click("add-source-send")
    form = person.see("add-source")
    person.wait(lambda: form.find_elements(By.CSS_SELECTOR, "[data-testid='problem']"), "the problem")
    assert person.browser.find_element(By.ID, "location").get_attribute("value") == "/etc"


def test_a_failing_document_tells_its_reason_and_can_be_retried(person: Person, tmp_path: Path) -> None:
    make_collection(person, "Broken")
    path = tmp_path / "broken.pdf"
    path.write_bytes(BROKEN_PDF)
    person.browser.find_element(By.ID, "files").send_keys(str(path))
    failure = person.see("document-failure")
    assert "pdf" in failure.text.lower()
    person.gone("job")
    person.click("retry")
    person.see("toast", "in the queue again")
    person.gone("job")
    person.see("document-failure")


def test_documents_are_filtered_while_typing(person: Person) -> None:
    person.open(f"/collections/{person.site.collection_id}")
    person.see("document", "shipping")
    person.see("filter-text").send_keys("basket")
    person.wait(lambda: len(person.all("document")) == 1, "one row")
    assert "basket" in person.see("document").text


def test_lines_of_json_are_imported_and_the_bad_one_named(person: Person) -> None:
    make_collection(person, "Lines")
    person.click("adder-import", "Import lines")
    person.see("import-text").send_keys(
        '{"external_id": "k-1", "title": "Keeper", "text": "Keeps."}\nno json'
    )
    person.click("import-send")
    assert "line 2" in person.see("imported").text
    person.see("count-indexed", "1")


def test_a_collection_is_deleted_by_typing_its_name(person: Person) -> None:
    make_collection(person, "Short lived")
    person.click("settings", "Settings")
    field = person.browser.find_element(By.ID, "confirm-name")
    field.send_keys("something else")
    person.click("delete-collection")
    assert "nothing was deleted" in person.see("problem").text
    field.clear()
    field.send_keys("Short lived")
    person.click("delete-collection")
    assert "was deleted" in person.see("flash").text

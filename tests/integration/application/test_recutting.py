"""How documents are cut is part of what is searched: another setting cuts them anew, and no search fails."""

from __future__ import annotations

from pathlib import Path

from src.core.jobs import JobState
from src.core.messages.documents import RecutDocuments
from src.core.messages.feedback import RateHit, Verdict
from src.core.messages.jobs import ListJobs
from src.core.messages.questions import Search, SearchResults
from tests.integration.application.test_index_versions import QUESTION, Coast, coast, searching
from tests.support.application import wait_for

LONG = " ".join(f"The harbour master counts boat number {n} in the evening." for n in range(60))
FILES: dict[str, bytes | str] = {f"log{n}.md": f"# Log {n}\n\n{LONG}\n" for n in range(4)}
FILES["moon.md"] = "# Moon\n\nThe moon pulls the tide.\n"


def jobs(house: Coast, kind: str) -> int:
    return sum(job.kind == kind for job in house.ask(ListJobs(limit=200)).items)


def recut(house: Coast) -> None:
    """A start, until its documents are as they should be."""
    house.repaired()
    job = next(job for job in house.ask(ListJobs()).items if job.kind == RecutDocuments.kind)
    assert house.finished(job.id).state is JobState.SUCCEEDED
    wait_for(lambda: house.versions().cut_otherwise == 0, timeout_s=60.0)


def passages(house: Coast) -> int:
    return house.versions().passages


def test_another_setting_cuts_every_document_anew_while_it_is_searched(tmp_path: Path) -> None:
    with coast(tmp_path) as house:
        house.collection_id = house.collection("Harbour")
        assert house.upload(house.collection_id, FILES).state is JobState.SUCCEEDED
        house.repaired()
        few, first = passages(house), house.versions()
        assert (first.cut_otherwise, jobs(house, RecutDocuments.kind)) == (0, 1)
        found = house.ask(Search(query=QUESTION))
        moon = next(hit for hit in found.hits if "moon" in hit.text)
        house.ask(RateHit(query_id=found.query_id, passage_id=moon.passage_id, verdict=Verdict.UP))
    with coast(tmp_path, passage_tokens=96) as house:
        house.found()
        assert house.versions().cut_otherwise == len(FILES)
        assert house.versions().cutting != first.cutting
        seen: list[SearchResults] = []
        with searching(lambda: house.ask(Search(query="who counts the boats")), seen):
            recut(house)
        many = passages(house)
        assert many > few
        assert {each.notices for each in seen} == {()}
        assert all(each.hits for each in seen)
        wait_for(lambda: house.versions().indexes[0].passages == many)
        hits = house.ask(Search(query=QUESTION)).hits
        lifted = next(hit for hit in hits if "moon" in hit.text)
        assert lifted.scores.prior, "what is cut as before is remembered"
        house.repaired()
        assert jobs(house, RecutDocuments.kind) == 2, "compared once with each setting"
    with coast(tmp_path) as house:
        house.found()
        recut(house)
        assert (passages(house), house.versions().cutting) == (few, first.cutting)

"""Jobs that stand in line, and how they are told where documents are asked about, added and watched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from src.core.messages.collections import DeleteCollection
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.documents import AddDocuments, UploadedFile
from src.core.messages.insights import RefreshInsights
from src.database.models.job import JobRecord
from tests.support.site import Site, marked, words

CAUSE = "The vector store at http://127.0.0.1:9 cannot be reached."
AGENTS = ("ingestion", "feedback_analyst")


@pytest.fixture(scope="module")
def waiting(site: Site) -> Iterator[str]:
    """A collection with a new document that waits for a store, and an analysis that waits as well."""
    house = site.house
    for agent in AGENTS:
        house.ask(SteerAgent(name=agent, steering=Steering.PAUSE))
    collection = house.collection("Waiting room")
    file = UploadedFile(name="a.md", content=b"# Late\n\nIt comes later.")
    job_id = house.ask(AddDocuments(collection_id=collection, files=(file,))).job_id
    analysis_id = house.ask(RefreshInsights(collection_id=collection)).job_id
    with house.application.database.begin() as work:
        put_off = update(JobRecord).where(JobRecord.id == job_id)
        work.session.execute(put_off.values(error_code="unavailable", error_detail=CAUSE))
        work.commit()
    yield collection
    for agent in AGENTS:
        house.ask(SteerAgent(name=agent, steering=Steering.RESUME))
    for one in (job_id, analysis_id):
        house.finished(one)
    house.ask(DeleteCollection(collection_id=collection))


def test_above_the_question_stands_only_work_that_brings_in_documents(site: Site, waiting: str) -> None:
    (job,) = marked(site.visitor().page("/"), "job")
    assert words(job).startswith("Waiting room · indexing documents")


@pytest.mark.parametrize("path", ["/", "/collections/{}"])
def test_a_job_that_is_tried_again_says_what_it_waits_for(site: Site, waiting: str, path: str) -> None:
    jobs = marked(site.visitor().page(path.format(waiting)), "job")
    (job,) = [one for one in jobs if marked(one, "job-cause")]
    assert "waiting to be tried again" in words(job)
    assert words(marked(job, "job-cause")[0]) == CAUSE


def test_the_console_tells_what_waits_from_what_failed(site: Site, waiting: str) -> None:
    causes = {words(one): one for one in marked(site.visitor().page("/agents"), "job-cause")}
    told = causes[f"Waits to be tried again. {CAUSE}"]
    assert "bad" not in str(told.attributes["class"]).split()

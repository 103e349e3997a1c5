"""The analysis that nobody asks for: only where anything failed, and once."""

from __future__ import annotations

from src.agents.feedback_analyst import FeedbackAnalystAgent
from src.core.jobs import JobState
from src.core.messages.console import SteerAgent, Steering
from src.core.messages.insights import ListInsights, RefreshInsights
from src.core.messages.jobs import Job, ListJobs
from src.core.messages.questions import AskQuestion
from tests.support.application import House, wait_for


def analyses(house: House) -> list[Job]:
    return [job for job in house.ask(ListJobs(limit=500)).items if job.kind == "analyse"]


def test_reports_are_made_where_anything_failed_and_only_there(house: House) -> None:
    agents = house.application.orchestrator.agents
    (agent,) = (one for one in agents if isinstance(one, FeedbackAnalystAgent))
    collection = house.collection("Post")
    house.upload(collection, {"parcels.txt": "A parcel within the country takes two working days."})
    found = house.ask(AskQuestion(question="How long does a parcel take?", collection_ids=(collection,)))
    assert found.grounded
    agent.analyse_again(house.context())
    assert analyses(house) == []
    house.ask(AskQuestion(question="Which enzyme does the trial inhibit?", collection_ids=(collection,)))
    agent.analyse_again(house.context())
    (job,) = analyses(house)
    assert house.finished(job.id).state is JobState.SUCCEEDED
    (insight,) = house.ask(ListInsights()).items
    assert (insight.collection_id, insight.size) == (collection, 1)


def test_one_wish_is_enough_while_the_analysis_waits(house: House) -> None:
    house.ask(SteerAgent(name="feedback_analyst", steering=Steering.PAUSE))
    collection = house.collection("Post")
    first = house.ask(RefreshInsights(collection_id=collection)).job_id
    assert house.ask(RefreshInsights(collection_id=collection)).job_id == first
    of_all = house.ask(RefreshInsights()).job_id
    assert of_all != first
    assert house.ask(RefreshInsights()).job_id == of_all
    house.ask(SteerAgent(name="feedback_analyst", steering=Steering.RESUME))
    assert wait_for(lambda: all(job.state is JobState.SUCCEEDED for job in analyses(house)))

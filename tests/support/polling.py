"""Readers who are given answers of both arms of a comparison, and say what they think of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from src.core.caller import Caller
from src.core.clock import new_id
from src.core.messages.answering import PassageCount
from src.core.messages.experiments import Experiment, ListExperiments, Method, StartExperiment
from src.core.messages.feedback import RatingsHeld
from src.core.messages.models import ModelRole
from src.core.messages.questions import Answer, Style
from src.database.models import AnswerRecord, ConversationRecord, ExperimentRecord, ModelRecord, RatingRecord
from src.database.uow import UnitOfWork
from src.services.evaluation.assignment import CONTROL, TREATMENT, assign, halves
from src.services.text.questions import question_key
from tests.support.laboratory import Laboratory


@dataclass
class Poll:
    """``count`` readers of a laboratory's collection while a comparison runs there, as many of each arm."""

    laboratory: Laboratory
    count: int = 30
    readers: list[Caller] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = []
        if self.count == 1:
            self.readers.append(self.laboratory.reader("reader"))
        for arm in (CONTROL, TREATMENT) if self.count > 1 else ():
            while sum(self._arm(reader) == arm for reader in self.readers) < self.count // 2:
                made = self.laboratory.reader(f"reader{new_id()}")
                self.readers += [made] if self._arm(made) == arm else []

    def _arm(self, reader: Caller) -> str:
        experiment = self.running()
        assert experiment is not None
        return assign(experiment.id, reader.user_id or "", halves(experiment.share))

    def running(self) -> ExperimentRecord | None:
        with self.laboratory.database.read() as work:
            return work.experiments.running(self.laboratory.collection_id, Method.AB)

    def answered(
        self,
        work: UnitOfWork,
        experiment: Experiment | ExperimentRecord,
        reader: Caller,
        question: str,
        *,
        arm: str | None = None,
        refused: bool = False,
        took_ms: float = 50.0,
    ) -> str:
        """The id of an answer that the reader was given by their arm, or by ``arm``."""
        conversation, answer_id, now = new_id(), new_id(), work.now()
        work.conversations.add(ConversationRecord(id=conversation, user_id=None, created_at=now))
        work.session.flush()
        arm = arm or assign(experiment.id, reader.user_id or "", halves(experiment.share)) or None
        answer = Answer(
            answer_id=answer_id,
            conversation_id=conversation,
            question=question,
            condensed=question,
            style=Style.DEFAULT,
            text="It is.",
            grounded=True,
            citations=(),
            passages=(),
            query_id=new_id(),
            model="extractive",
            prompt_version="-",
            index_version="-",
            experiment_id=experiment.id,
            arm=arm,
            took_ms={"total": took_ms},
            asked_at=now,
        )
        work.answers.add(
            AnswerRecord(
                id=answer_id,
                conversation_id=conversation,
                user_id=reader.user_id,
                question=question,
                grounded=True,
                model="extractive",
                answer=answer.model_dump(mode="json"),
                refused=refused,
                took_ms=answer.took_ms,
                experiment_id=experiment.id if arm else None,
                arm=arm,
                asked_at=now,
            )
        )
        return answer_id

    def say(
        self,
        work: UnitOfWork,
        answer_id: str,
        reader: Caller,
        question: str,
        verdict: str,
        state: str = "counted",
    ) -> str:
        """The id of the reader's rating of the answer."""
        rating_id, now = new_id(), work.now()
        work.session.add(
            RatingRecord(
                id=rating_id,
                user_id=reader.user_id,
                object_key=f"answer:{answer_id}",
                kind="answer",
                answer_id=answer_id,
                search_id=new_id(),
                collection_id=self.laboratory.collection_id,
                question=question,
                question_key=question_key(question),
                verdict=verdict,
                reasons=[],
                state=state,
                created_at=now,
                updated_at=now,
            )
        )
        return rating_id

    def hold(self, count: int, better: float, *, worse: float = 0.5, chunk: int = 20) -> None:
        """``count`` ratings of all readers in turn; of ten of the treatment's answers each reader likes
        ``better``, of the control's ``worse``. Ends when the comparison does."""
        experiment = self.running()
        assert experiment is not None
        for start in range(0, count, chunk):
            now = self.running()
            if now is None or now.id != experiment.id:
                return
            ids = []
            with self.laboratory.database.begin() as work:
                for number in range(start, min(count, start + chunk)):
                    reader, question = self.readers[number % self.count], f"question {number}"
                    arm = self._arm(reader)
                    answer_id = self.answered(work, experiment, reader, question)
                    work.session.flush()
                    liked = better if arm == TREATMENT else worse
                    # A pattern that is spread over the readers and the ten.
                    place = (7 * (number // self.count) + 3 * (number % self.count)) % 10
                    verdict = "up" if place < 10 * liked else "down"
                    ids.append(self.say(work, answer_id, reader, question, verdict))
                work.commit()
            self.tell(*ids)

    def tell(self, *rating_ids: str) -> None:
        """The runner brings itself to what these ratings say now, whichever event tells of them."""
        collection_id = self.laboratory.collection_id
        self.laboratory.deliver(
            RatingsHeld(collection_id=collection_id, rating_ids=rating_ids, reasons=("looked at",))
        )


def started(laboratory: Laboratory, **fields: object) -> Experiment:
    """A comparison of answers that has begun, of fewer passages where nothing else is said."""
    given: dict[str, object] = {"variant": (PassageCount(k=3),)} if "aa" not in fields else {}
    return laboratory.ask(
        StartExperiment.model_validate(
            {"collection_id": laboratory.collection_id, "method": "ab"} | given | fields
        )
    )


def answering(laboratory: Laboratory) -> ModelRecord:
    """The way to answer that is live."""
    with laboratory.database.read() as work:
        found = work.models.live(laboratory.collection_id, ModelRole.ANSWERING)
        assert found is not None
        return found


def running(laboratory: Laboratory) -> Experiment:
    """The one comparison that runs."""
    (one,) = laboratory.ask(ListExperiments(collection_id=laboratory.collection_id, state="running")).items
    return one

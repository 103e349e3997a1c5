"""What every backend of the event bus must do; a backend's test module inherits these cases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from src.core.bus import Broker, Delivery, Subscription
from src.core.clock import SystemClock, new_id
from src.core.messages.base import Envelope

LEASE_S = 30.0


def envelope(topic: str = "thing.happened.v1", *, key: str | None = None, number: int = 0) -> Envelope:
    """An event on its way."""
    return Envelope(
        id=new_id(),
        topic=topic,
        key=key,
        payload={"number": number, "text": "ünïcode ✓"},
        at=SystemClock().now(),
        correlation_id=new_id(),
        causation_id=None,
    )


def receive(broker: Broker, group: str, *, limit: int = 100, lease_s: float = LEASE_S) -> list[Delivery]:
    """What is due for the group now."""
    return list(broker.receive(group, limit=limit, lease_s=lease_s, wait_s=0.0))


class BrokerContract:
    """Inherit, and give a ``broker`` fixture with no subscriptions and no events."""

    @pytest.fixture
    def reader(self, broker: Broker) -> Broker:
        broker.subscribe(Subscription("reader", frozenset({"thing.happened.v1", "thing.ended.v1"})))
        return broker

    def test_an_event_reaches_every_subscribed_group_and_no_other(self, reader: Broker) -> None:
        reader.subscribe(Subscription("other", frozenset({"thing.ended.v1"})))
        happened, ended = envelope(), envelope("thing.ended.v1")
        reader.publish([happened, ended])
        assert {d.envelope.id for d in receive(reader, "reader")} == {happened.id, ended.id}
        assert [d.envelope.id for d in receive(reader, "other")] == [ended.id]
        assert receive(reader, "nobody") == []

    def test_an_event_arrives_as_it_was_published(self, reader: Broker) -> None:
        sent = envelope(key="k", number=7)
        reader.publish([sent])
        (delivery,) = receive(reader, "reader")
        assert delivery.envelope == sent
        assert (delivery.group, delivery.attempt) == ("reader", 1)

    def test_publishing_an_event_again_queues_it_once(self, reader: Broker) -> None:
        sent = envelope()
        reader.publish([sent])
        reader.publish([sent, sent])
        assert len(receive(reader, "reader")) == 1
        assert receive(reader, "reader") == []

    def test_a_leased_delivery_is_not_handed_out_again_before_its_lease_ends(self, reader: Broker) -> None:
        reader.publish([envelope()])
        (first,) = receive(reader, "reader", lease_s=0.2)
        assert receive(reader, "reader") == []
        time.sleep(0.25)
        (second,) = receive(reader, "reader")
        assert second.envelope == first.envelope
        assert second.attempt == 2

    def test_an_acked_delivery_never_comes_back(self, reader: Broker) -> None:
        reader.publish([envelope()])
        reader.ack(receive(reader, "reader", lease_s=0.1))
        time.sleep(0.15)
        assert receive(reader, "reader") == []
        assert reader.backlog("reader").waiting == 0

    def test_a_stale_holder_can_neither_ack_nor_retry(self, reader: Broker) -> None:
        reader.publish([envelope()])
        (stale,) = receive(reader, "reader", lease_s=0.1)
        time.sleep(0.15)
        (current,) = receive(reader, "reader")
        reader.ack([stale])
        reader.retry(stale, delay_s=0.0)
        assert receive(reader, "reader") == []
        assert reader.backlog("reader").waiting == 1
        reader.ack([current])
        assert reader.backlog("reader").waiting == 0

    def test_what_dead_holders_leased_is_handed_out_again_at_once(self, reader: Broker) -> None:
        first, second = envelope(number=1), envelope(number=2)
        reader.publish([first, second])
        dead, late = receive(reader, "reader")
        reader.retry(late, delay_s=60.0)
        reader.end_leases()
        (again,) = receive(reader, "reader")
        assert (again.envelope, again.attempt) == (first, 2)
        reader.ack([dead])
        assert reader.backlog("reader").waiting == 2

    def test_a_retried_delivery_is_due_after_its_delay(self, reader: Broker) -> None:
        reader.publish([envelope()])
        reader.retry(receive(reader, "reader")[0], delay_s=0.3)
        assert receive(reader, "reader") == []
        time.sleep(0.35)
        assert receive(reader, "reader")[0].attempt == 2

    def test_an_uncounted_retry_keeps_the_attempt(self, reader: Broker) -> None:
        reader.publish([envelope()])
        reader.retry(receive(reader, "reader")[0], delay_s=0.0, counted=False)
        assert receive(reader, "reader")[0].attempt == 1

    def test_no_more_than_the_limit_is_leased(self, reader: Broker) -> None:
        reader.publish([envelope(number=n) for n in range(5)])
        assert len(receive(reader, "reader", limit=2)) == 2
        assert len(receive(reader, "reader", limit=9)) == 3

    def test_events_come_in_the_order_they_were_published(self, reader: Broker) -> None:
        reader.publish([envelope(number=n) for n in range(20)])
        numbers = [d.envelope.payload["number"] for d in receive(reader, "reader")]
        assert numbers == list(range(20))

    def test_events_of_one_key_are_handed_out_one_after_another(self, broker: Broker) -> None:
        topic = "thing.happened.v1"
        broker.subscribe(Subscription("strict", frozenset({topic}), ordered=frozenset({topic})))
        broker.publish(
            [envelope(key="a", number=1), envelope(key="a", number=2), envelope(key="b", number=3)]
        )
        first = receive(broker, "strict")
        assert [d.envelope.payload["number"] for d in first] == [1, 3]
        broker.retry(first[0], delay_s=0.1)
        assert receive(broker, "strict") == []
        time.sleep(0.15)
        (again,) = receive(broker, "strict")
        assert again.envelope.payload["number"] == 1
        broker.ack([again])
        assert [d.envelope.payload["number"] for d in receive(broker, "strict")] == [2]

    def test_a_group_without_order_gets_all_events_of_a_key_at_once(self, reader: Broker) -> None:
        reader.publish([envelope(key="a", number=n) for n in range(3)])
        assert len(receive(reader, "reader")) == 3

    def test_an_event_for_one_group_reaches_that_group_only(self, reader: Broker) -> None:
        reader.subscribe(Subscription("other", frozenset({"thing.happened.v1"})))
        reader.publish([envelope().model_copy(update={"group": "other"})])
        assert receive(reader, "reader") == []
        assert len(receive(reader, "other")) == 1

    def test_an_event_can_be_published_again_once_it_was_settled(self, reader: Broker) -> None:
        sent = envelope()
        reader.publish([sent])
        reader.ack(receive(reader, "reader"))
        reader.publish([sent.model_copy(update={"group": "reader"})])
        assert receive(reader, "reader")[0].attempt == 1

    def test_a_waiting_receiver_wakes_for_a_new_event(self, reader: Broker) -> None:
        waited: list[float] = []

        def wait() -> None:
            started = time.monotonic()
            assert len(reader.receive("reader", limit=1, lease_s=LEASE_S, wait_s=10.0)) == 1
            waited.append(time.monotonic() - started)

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.2)
        reader.publish([envelope()])
        thread.join(5.0)
        assert waited
        assert waited[0] < 3.0

    def test_every_waiting_receiver_returns_when_it_is_woken(self, reader: Broker) -> None:
        ended: list[int] = []

        def wait() -> None:
            ended.append(len(reader.receive("reader", limit=1, lease_s=LEASE_S, wait_s=60.0)))

        threads = [threading.Thread(target=wait) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.2)
        reader.wake()
        for thread in threads:
            thread.join(10.0)
        assert ended == [0, 0, 0]

    def test_many_receivers_lease_each_event_once(self, reader: Broker) -> None:
        events = [envelope(number=n) for n in range(200)]
        reader.publish(events)
        seen: list[str] = []
        lock = threading.Lock()

        def work() -> None:
            while deliveries := receive(reader, "reader", limit=7):
                with lock:
                    seen.extend(d.envelope.id for d in deliveries)
                reader.ack(deliveries)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60.0)
        assert sorted(seen) == sorted(event.id for event in events)

    def test_the_backlog_tells_how_much_waits_and_since_when(self, reader: Broker) -> None:
        assert reader.backlog("reader").oldest_age_s is None
        reader.publish([envelope(), envelope()])
        time.sleep(0.05)
        backlog = reader.backlog("reader")
        assert backlog.waiting == 2
        assert backlog.oldest_age_s is not None
        assert 0.0 < backlog.oldest_age_s < 60.0

    def test_events_survive_a_new_broker_on_the_same_store(
        self, reader: Broker, reopened: Callable[[], Broker]
    ) -> None:
        sent = envelope()
        reader.publish([sent])
        reader.close()
        assert [d.envelope for d in receive(reopened(), "reader")] == [sent]

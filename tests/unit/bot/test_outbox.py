"""What is held for the agent, and what is sent again to which agent."""

from datetime import UTC, datetime

from pool.bot.outbox import Outbox
from pool.contract.events import EventType
from pool.contract.frames import BotEvent, ResultFrame

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def filled(count: int, ring_size: int = 10, event_type: EventType = EventType.MESSAGE) -> Outbox:
    outbox = Outbox(ring_size)
    for _ in range(count):
        outbox.add_event(event_type, {}, NOW)
    return outbox


def seqs(outbox: Outbox) -> list[int]:
    return [frame.seq for frame in outbox.take() if isinstance(frame, BotEvent)]


def test_an_event_is_sent_once_per_connection() -> None:
    outbox = filled(3)

    assert seqs(outbox) == [1, 2, 3]
    assert seqs(outbox) == []
    outbox.add_event(EventType.MESSAGE, {}, NOW)
    assert seqs(outbox) == [4]


def test_the_same_agent_gets_again_what_it_did_not_acknowledge() -> None:
    outbox = filled(5)
    outbox.take()
    outbox.acknowledge(3)

    outbox.greet(same_incarnation=True)
    assert seqs(outbox) == [4, 5]


def test_a_new_agent_gets_all_that_is_held() -> None:
    outbox = filled(5)
    outbox.take()
    outbox.acknowledge(5)

    outbox.greet(same_incarnation=False)
    assert seqs(outbox) == [1, 2, 3, 4, 5]


def test_a_full_ring_drops_acknowledged_events_first() -> None:
    outbox = filled(10)
    outbox.acknowledge(4)
    for _ in range(4):
        outbox.add_event(EventType.TRADE_ENTRY, {}, NOW)

    assert seqs(outbox) == list(range(5, 15))


def test_an_unacknowledged_trade_event_outlasts_a_flood_of_messages() -> None:
    outbox = filled(1, event_type=EventType.TRADE_EXIT_FILL)
    for _ in range(50):
        outbox.add_event(EventType.MESSAGE, {}, NOW)

    held = seqs(outbox)
    assert held[0] == 1
    assert len(held) == 10
    assert held[-1] == 51


def test_a_result_that_could_not_be_sent_comes_first_next_time() -> None:
    outbox = Outbox()
    first, second = ResultFrame(command_id="1", ok=True), ResultFrame(command_id="2", ok=True)
    outbox.add(first)
    taken = outbox.take()
    outbox.add(second)
    outbox.give_back(taken)

    assert outbox.take() == [first, second]


def test_settled_means_acknowledged() -> None:
    outbox = filled(2)
    outbox.take()
    assert not outbox.settled()

    outbox.acknowledge(2)
    assert outbox.settled()


def test_an_acknowledgement_from_the_future_does_not_count() -> None:
    outbox = filled(1)
    outbox.acknowledge(99)
    outbox.add_event(EventType.MESSAGE, {}, NOW)

    outbox.greet(same_incarnation=True)
    assert seqs(outbox) == [2]


def test_an_event_that_is_too_large_goes_short_and_hurts_nobody() -> None:
    outbox = Outbox()
    outbox.add_event(EventType.MESSAGE, {"text": "x" * 9000, "kind": "warning", "rows": ["y" * 4000] * 200}, NOW)

    (event,) = outbox.take()
    assert isinstance(event, BotEvent)
    assert event.data == {"text": "x" * 200, "kind": "warning"}

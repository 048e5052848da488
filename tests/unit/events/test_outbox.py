"""What waits for Redis: in order, bounded in number, bytes and age, and no drop without a mark."""

import asyncio

from orchestrator.events.outbox import Look, Outbox, Outgoing
from orchestrator.events.ring import Limits


def outbox(messages: int = 5, size: int = 1000, most_seconds: float = 30) -> Outbox:
    return Outbox(Limits(messages, size), most_seconds)


def message(number: int, topic: str = "t", *, at: float = 0, size: int = 1) -> Outgoing:
    return Outgoing(topic, f"k{number}", {}, b"x" * size, at, asyncio.get_running_loop().create_future())


def kinds(taken: list[Outgoing]) -> list[tuple[str, str]]:
    return [(one.topic, one.kind) for one in taken]


async def test_messages_and_questions_keep_their_order() -> None:
    box = outbox()
    look = Look("t", done=asyncio.get_running_loop().create_future())
    for item in (message(1), message(2), look, message(3)):
        box.put(item)
    assert box.take_looks() == []
    assert kinds(box.take_messages(0)) == [("t", "k1"), ("t", "k2")]
    assert kinds(box.take_messages(0)) == []
    assert box.take_looks() == [look]
    assert kinds(box.take_messages(0)) == [("t", "k3")]
    box.settle()
    assert not box.filled.is_set()


async def test_too_many_or_too_large_are_dropped_with_a_mark_for_each_topic() -> None:
    for box, size in ((outbox(messages=3), 1), (outbox(size=30), 10)):
        sent = [message(number, f"t{number % 2}", size=size) for number in range(4)]
        for one in sent:
            box.put(one)
        assert [one.done.result() for one in sent if one.done] == [None] * 4
        assert (len(box), box.dropped) == (0, 4)
        box.put(message(5))
        assert box.filled.is_set()
        assert kinds(box.take_messages(0)) == [("t0", ""), ("t1", ""), ("t", "k5")]


async def test_what_is_too_old_is_dropped_with_a_mark_before_what_follows() -> None:
    box = outbox(most_seconds=10)
    for one in (message(1, at=0), message(2, "other", at=9), message(3, at=9)):
        box.put(one)
    assert kinds(box.take_messages(12)) == [("t", ""), ("other", "k2"), ("t", "k3")]


async def test_a_batch_given_up_marks_its_topics_and_marks_are_marked_again() -> None:
    box = outbox()
    box.put(message(1))
    box.give_up(box.take_messages(0))
    marks = box.take_messages(0)
    assert kinds(marks) == [("t", "")]
    box.give_up(marks)
    assert kinds(box.take_messages(0)) == [("t", "")]
    assert box.dropped == 1


async def test_questions_that_nobody_asks_any_more_are_left_out() -> None:
    box = outbox()
    gone, kept = (Look("t", done=asyncio.get_running_loop().create_future()) for _ in range(2))
    box.put(gone)
    box.put(kept)
    assert gone.done is not None
    gone.done.cancel()
    assert box.take_looks() == [kept]
    box.put_back([kept])
    assert box.take_looks() == [kept]


async def test_no_more_messages_pass_while_marks_wait() -> None:
    box = outbox(messages=300, size=100_000)
    box.give_up([message(number, f"t{number}") for number in range(150)])
    box.put(message(1, "t149"))
    first = box.take_messages(0)
    assert len(first) == 100
    assert {one.kind for one in first} == {""}
    second = kinds(box.take_messages(0))
    assert second[-2:] == [("t149", ""), ("t149", "k1")]

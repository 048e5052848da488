"""Requests that are under way, and who waits for them."""

import asyncio

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from pool.exchange.gateway.flights import Asker, Flight, Flights, outcome
from pool.exchange.gateway.seams import Refused
from pool.exchange.gateway.upstream import Answer

ASKER = Asker("tenant", "10.0.0.1", "data")
ANSWER = Answer(200, CIMultiDictProxy(CIMultiDict()), b"[]")


async def test_a_request_goes_on_when_the_one_who_began_it_is_gone() -> None:
    flights, release = Flights(), asyncio.Event()

    async def work(flight: Flight) -> Answer:
        await release.wait()
        return ANSWER

    flight = flights.begin("key", ASKER, work)
    first, second = (asyncio.create_task(outcome(flight)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert flights.get("key") is flight
    release.set()
    assert await second is ANSWER
    assert first.cancelled()
    assert flights.get("key") is None


async def test_a_failure_is_an_outcome_and_leaves_nothing() -> None:
    flights = Flights()

    async def work(flight: Flight) -> Answer:
        raise Refused("open", 3.0, 503)

    flight = flights.begin("key", ASKER, work)
    came = await outcome(flight)
    assert isinstance(came, Refused)
    assert (came.refusal, flights.get("key")) == ("open", None)


async def test_an_older_request_that_ends_does_not_take_the_newer_one_along() -> None:
    flights, release = Flights(), asyncio.Event()

    async def work(flight: Flight) -> Answer:
        await release.wait()
        return ANSWER

    async def quick(flight: Flight) -> Answer:
        return ANSWER

    older = flights.begin("key", ASKER, quick)
    newest = flights.begin("key", ASKER, work)
    await outcome(older)
    assert flights.get("key") is newest
    release.set()
    await outcome(newest)


async def test_the_end_cancels_what_is_under_way() -> None:
    flights, begun = Flights(), asyncio.Event()

    async def work(flight: Flight) -> Answer:
        begun.set()
        await asyncio.Event().wait()
        return ANSWER

    flight = flights.begin(None, ASKER, work)
    await begun.wait()
    await flights.end()
    with pytest.raises(asyncio.CancelledError):
        await outcome(flight)

"""Who takes what from whom at an exchange that does not tell how much is used. Times are given."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from pool.contract.market import Priority
from pool.exchange.gateway.authority import Authority
from pool.exchange.gateway.meters import GUARANTEED, SHARES
from pool.exchange.gateway.tables import Endpoint
from pool.exchange.gateway.tickets import Ticket

START = 1_795_000_020.0
BOOK, CANDLES = Endpoint("GET /Depth", 1.0, 1.0, "0"), Endpoint("GET /OHLC", 1.0, 1.0, "0")
LOOK = Endpoint("POST /OpenOrders", 3.0, 1.0, "0")


@dataclass
class Five:
    """Five minutes in steps of a quarter of a second at an exchange that is paced as Kraken (one a second), and answers
    at once. `told` are its headers."""

    told: dict[str, str] = field(default_factory=dict)
    through: bool = False
    """Signed requests go through the gateway."""
    one: Authority = field(default_factory=lambda: Authority("api.example", 1.0, lambda: 0.0))
    went: Counter[str] = field(default_factory=Counter)

    def play(self, bots: int, books: Priority = "data", every: int = 20, others: int = 0) -> Counter[str]:
        """Each bot looks at its orders each five seconds; books come `every` so many quarters, `others` is data."""
        for step in range(4 * 300):
            now = START + step / 4
            if step % 20 == 0:
                for bot in range(bots):
                    self.ask(LOOK, "order", now, bot=f"b{bot}", straight=not self.through)
            if step % every == 0:
                self.ask(BOOK, books, now)
            if others and step % others == 0:
                self.ask(CANDLES, "data", now)
            self.look(now)
        return self.went

    def ask(self, endpoint: Endpoint, priority: Priority, now: float, tenant: str = "t", **more: Any) -> None:
        for ticket, _ in self.one.ask(Ticket(endpoint, priority, tenant, "p", now + 5.0, **more)):
            self.went["lost " + ticket.endpoint.name] += 1

    def look(self, now: float) -> None:
        for ticket in self.one.turn(now).granted:
            self.went[ticket.endpoint.name] += 1
            if not ticket.straight:
                self.one.told(ticket, 200, {} if ticket.signed else self.told, now)


@pytest.mark.parametrize("through", [False, True])
@pytest.mark.parametrize("books", ["data", "price"])
@pytest.mark.parametrize("bots", [1, 2, 10, 30])
def test_what_accounts_ask_takes_nothing_of_books(bots: int, books: Priority, through: bool) -> None:
    went = Five(through=through).play(bots, books)
    assert went[BOOK.name] == Five().play(0, books)[BOOK.name] == 60
    assert went[LOOK.name] == 60 * bots, "each is paced by its own client"


def test_accounts_take_nothing_of_a_limit_that_is_told_of_public_requests_either() -> None:
    told = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "15", "x-ratelimit-reset": "60"}
    went = Five(told).play(30)
    assert went[BOOK.name] == Five(told).play(0)[BOOK.name]
    assert went[LOOK.name] == 60 * 30


def test_prices_without_end_leave_data_what_it_is_guaranteed() -> None:
    went = Five().play(0, "price", every=1, others=2)
    assert GUARANTEED * 300 - 1 <= went[CANDLES.name] <= GUARANTEED * 300 + 3
    assert went[BOOK.name] >= (SHARES["price"] - GUARANTEED) * 300 - 2, "and have the rest of what they may take"


def test_data_without_end_takes_nothing_of_prices() -> None:
    assert Five().play(0, "price", others=1)[BOOK.name] == 60


def test_a_tenant_with_many_accounts_has_as_much_of_a_claim_to_prices_as_one_with_none() -> None:
    five, greedy = Five(), Endpoint("GET /Ticker", 1.0, 1.0, "0")
    for step in range(4 * 300):
        now = START + step / 4
        five.ask(greedy, "price", now, "greedy")
        five.ask(LOOK, "order", now, "many", bot=f"b{step % 30}", straight=True)
        if step % 20 == 0:
            five.ask(BOOK, "price", now, "many")
        five.look(now)
    assert five.went[BOOK.name] == 60
    assert five.went[greedy.name] >= SHARES["price"] * 300 - 60 - 2

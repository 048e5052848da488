"""Money under any course of events: nothing is created or lost, nobody below zero, on both databases."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from orchestrator.db.engine import Database
from orchestrator.errors import InsufficientFunds
from orchestrator.kit.money import add, subtract
from pool.contract.books import OrderFact
from tests.databases import KINDS, PostgresServer, new_sqlite
from tests.integration.wallets.desk import Desk
from tests.unit.wallets.facts import fact

_numbers = itertools.count(1)
amounts = st.decimals(Decimal("1e-18"), Decimal(1000), places=18, allow_nan=False).map(lambda one: f"{one:f}")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """One database for all examples, each of which has a user of its own."""
    if request.param == "sqlite":
        yield asyncio.run(new_sqlite(tmp_path / "flotilla.db"))
        return
    started: PostgresServer = request.getfixturevalue("postgres")
    made = started.migrated()
    yield made
    started.drop(made)


def expected_refusals(outcomes: Sequence[Any]) -> int:
    """How many had to do without; anything else that went wrong is raised."""
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, InsufficientFunds):
            raise outcome
    return sum(1 for outcome in outcomes if isinstance(outcome, InsufficientFunds))


acts = st.lists(
    st.one_of(
        st.tuples(st.just("open"), amounts),
        st.tuples(st.just("withdraw"), amounts),
        st.tuples(st.just("more"), amounts),
        st.tuples(st.just("less"), amounts),
        st.tuples(st.just("book"), amounts),
        st.tuples(st.just("release"), st.just("0")),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(money=amounts, capital=amounts, course=acts)
def test_whatever_happens_at_once_nothing_is_created_or_lost(
    url: str, money: str, capital: str, course: list[tuple[str, str]]
) -> None:
    async def run() -> None:
        database = Database(url)
        number = next(_numbers)
        desk = Desk(database)
        await desk.add_user(f"user-{number}")
        bot = f"bot-{number}"
        put = add((Decimal(money), Decimal(capital)))
        wallet = await desk.wallet(money=f"{put:f}")
        await desk.open(bot, capital, wallet)
        told = fact("1", "buy", "1", capital, bot_id=bot)

        async def act(kind: str, amount: str, which: int) -> Decimal:
            """What left the wallet for good."""
            match kind:
                case "open":
                    await desk.open(f"{bot}-{which}", amount, wallet)
                case "withdraw":
                    await desk.withdraw(wallet, amount)
                    return Decimal(amount)
                case "more" | "less":
                    await getattr(desk, kind)(bot, amount)
                case "book":
                    await desk.book(told)
                case "release":
                    await desk.release(bot)
            return Decimal(0)

        outcomes = await asyncio.gather(
            *(act(kind, amount, which) for which, (kind, amount) in enumerate(course)), return_exceptions=True
        )
        expected_refusals(outcomes)
        gone = add(one for one in outcomes if isinstance(one, Decimal))
        spent = Decimal(capital) if any(kind == "book" for kind, _ in course) else Decimal(0)
        bots = [await desk.capital(f"{bot}-{which}") for which in range(len(course))]
        total = add((await desk.free(wallet), await desk.capital(bot), *bots))
        assert total == subtract(put, add((gone, spent)))
        assert not [flaw for flaw in await desk.flaws(wallet) if flaw.kind in ("unbalanced", "differs")]
        assert min(bots) >= 0
        await database.close()

    asyncio.run(run())


class Ledger(RuleBasedStateMachine):
    """A wallet beside a model of it that knows only sums."""

    url = ""
    bots = Bundle("bots")

    @initialize()
    def open_wallet(self) -> None:
        self.runner = asyncio.Runner()
        self.database = Database(self.url)
        self.desk = Desk(self.database)
        self.number = next(_numbers)
        self.runner.run(self.desk.add_user(f"user-{self.number}"))
        self.wallet = self.runner.run(self.desk.wallet())
        self.free = Decimal(0)
        self.capital: dict[str, Decimal] = {}
        self.coins: dict[str, Decimal] = {}
        self.told: dict[str, list[OrderFact]] = {}
        self.gone: set[str] = set()

    def tries(self, act: Any, allowed: bool) -> bool:
        """Whether it was done, which must be just when it is allowed."""
        try:
            self.runner.run(act)
        except InsufficientFunds:
            assert not allowed
            return False
        assert allowed
        return True

    @rule(amount=amounts)
    def deposit(self, amount: str) -> None:
        self.runner.run(self.desk.deposit(self.wallet, amount))
        self.free = add((self.free, Decimal(amount)))

    @rule(amount=amounts)
    def withdraw(self, amount: str) -> None:
        if self.tries(self.desk.withdraw(self.wallet, amount), Decimal(amount) <= self.free):
            self.free = subtract(self.free, Decimal(amount))

    @rule(target=bots, amount=amounts)
    def open_bot(self, amount: str) -> Any:
        bot = f"bot-{self.number}-{len(self.capital)}"
        if not self.tries(self.desk.open(bot, amount, self.wallet), Decimal(amount) <= self.free):
            return multiple()
        self.free = subtract(self.free, Decimal(amount))
        self.capital[bot], self.coins[bot], self.told[bot] = Decimal(amount), Decimal(0), []
        return bot

    @rule(bot=bots, amount=amounts)
    def more(self, bot: str, amount: str) -> None:
        if bot not in self.gone and self.tries(self.desk.more(bot, amount), Decimal(amount) <= self.free):
            self.move(bot, Decimal(amount))

    @rule(bot=bots, amount=amounts)
    def less(self, bot: str, amount: str) -> None:
        if bot not in self.gone and self.tries(self.desk.less(bot, amount), Decimal(amount) <= self.capital[bot]):
            self.move(bot, -Decimal(amount))

    @rule(bot=bots, part=st.integers(1, 4), price=st.integers(1, 50))
    def trade(self, bot: str, part: int, price: int) -> None:
        """A round trip of which half may be sold later, or never."""
        number = len(self.told[bot])
        cost = self.capital[bot].quantize(Decimal("1e-6")) / 8
        bought = fact(f"{number}-b", "buy", "2", f"{cost:f}", bot_id=bot, trade_id=number, minute=number)
        sold = fact(f"{number}-s", "sell", str(part / 2), str(price), bot_id=bot, trade_id=number, minute=number + 1)
        for one in (bought, sold):
            self.runner.run(self.desk.book(one, *self.told[bot]))
            self.told[bot].append(one)
            got = one.cost if one.side == "sell" else -one.cost
            coins = -one.filled if one.side == "sell" else one.filled
            if bot in self.gone:
                self.free = add((self.free, got))
            else:
                self.capital[bot] = add((self.capital[bot], got))
            self.coins[bot] = add((self.coins[bot], coins))

    @rule(bot=bots)
    def release(self, bot: str) -> None:
        self.runner.run(self.desk.release(bot))
        self.free = add((self.free, self.capital[bot]))
        self.capital[bot] = Decimal(0)
        self.gone.add(bot)

    def move(self, bot: str, amount: Decimal) -> None:
        self.free = subtract(self.free, amount)
        self.capital[bot] = add((self.capital[bot], amount))

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "runner"):
            return
        assert self.runner.run(self.desk.free(self.wallet)) == self.free
        of_wallet = add(coins for bot, coins in self.coins.items() if bot in self.gone)
        assert self.runner.run(self.desk.free(self.wallet, "BTC")) == of_wallet
        for bot, capital in self.capital.items():
            assert self.runner.run(self.desk.capital(bot)) == capital
        flaws = self.runner.run(self.desk.flaws(self.wallet))
        assert {flaw.kind for flaw in flaws} <= {"overdrawn"}
        assert bool(flaws) == (min([self.free, of_wallet, *self.capital.values()]) < 0)

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.database.close())
            self.runner.close()


def test_a_ledger_agrees_with_plain_sums_whatever_is_done(url: str) -> None:
    class Here(Ledger):
        pass

    Here.url = url
    Here.TestCase.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)
    Here.TestCase().runTest()

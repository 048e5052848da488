"""What holds for every portfolio."""

from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.kit.money import add
from orchestrator.portfolio.aggregate import BotReading, aggregate
from orchestrator.portfolio.peaks import Member, Peak, advance_peak, give_back
from orchestrator.portfolio.views import Portfolio
from tests.unit.portfolio.builders import NOW, conversion, reading, snapshot, trade

amounts = st.decimals(min_value=0, max_value=10**9, places=8)
profits = st.decimals(min_value=-(10**6), max_value=10**6, places=8)
rates = st.decimals(min_value=Decimal("0.00000001"), max_value=10**6, places=8)
currencies = st.sampled_from(["USDT", "BTC", "ETH", "EUR"])


@st.composite
def readings(draw: st.DrawFn, name: str) -> BotReading:
    currency = draw(currencies)
    if draw(st.booleans()):
        return reading(name, None, stake_currency=currency, starting_balance=draw(amounts))
    rate = draw(st.none() | rates)
    told = snapshot(
        stake_currency=currency,
        free=draw(amounts),
        in_trades=draw(amounts),
        starting_balance=draw(amounts),
        realised=draw(profits),
        unrealised=draw(profits),
        realised_today=draw(profits),
        conversion=conversion(currency, "USDT", rate) if rate is not None and currency != "USDT" else None,
        open_trades=[trade(draw(st.sampled_from(["BTC", "SOL"])), str(draw(amounts)))] * draw(st.integers(0, 2)),
    )
    return reading(name, told, mode=draw(st.sampled_from(["dry", "live"])), peak_profit=draw(st.none() | profits))


fleets = st.integers(0, 6).flatmap(lambda count: st.tuples(*(readings(f"bot-{number}") for number in range(count))))
MONEY = ("equity", "free", "in_trades", "realised", "unrealised", "realised_today", "starting_capital")


@settings(max_examples=150, deadline=None)
@given(fleets)
def test_totals_are_exactly_the_sums_of_their_parts(fleet: tuple[BotReading, ...]) -> None:
    portfolio = aggregate(fleet, currency="USDT", now=NOW).portfolio
    for name in MONEY:
        whole = getattr(portfolio, name)
        assert whole == add((getattr(portfolio.dry, name), getattr(portfolio.live, name)))
        converted = [bot for bot in portfolio.bots if bot.conversion]
        assert abs(whole - sum((getattr(bot, name) * bot.conversion.rate for bot in converted), Decimal(0))) < Decimal(
            "1e-9"
        )
    assert portfolio.equity == add((portfolio.free, portfolio.in_trades))
    for total in portfolio.by_currency:
        own = [bot for bot in portfolio.bots if bot.currency == total.currency]
        assert total.equity == add(bot.equity for bot in own)


@settings(max_examples=150, deadline=None)
@given(fleets)
def test_every_bot_is_told_and_is_either_converted_or_named(fleet: tuple[BotReading, ...]) -> None:
    portfolio = aggregate(fleet, currency="USDT", now=NOW).portfolio
    assert {bot.id for bot in portfolio.bots} == {one.id for one in fleet}
    assert set(portfolio.unconverted) == {bot.id for bot in portfolio.bots if bot.conversion is None}
    assert all(bot.currency != "USDT" for bot in portfolio.bots if bot.conversion is None)


@settings(max_examples=100, deadline=None)
@given(fleets, st.randoms())
def test_the_order_of_bots_does_not_matter(fleet: tuple[BotReading, ...], random: Random) -> None:
    shuffled = list(fleet)
    random.shuffle(shuffled)
    assert aggregate(shuffled, currency="USDT", now=NOW) == aggregate(fleet, currency="USDT", now=NOW)


@settings(max_examples=100, deadline=None)
@given(st.lists(fleets, min_size=1, max_size=5))
def test_equity_is_never_above_the_peak_and_drawdown_is_a_ratio(history: list[tuple[BotReading, ...]]) -> None:
    peaks: dict[str, Peak] = {}
    for fleet in history:
        result = aggregate(fleet, currency="USDT", now=NOW, peaks=peaks)
        peaks = dict(result.peaks)
        blocks: list[Portfolio] = [
            result.portfolio,
            result.portfolio.dry,
            result.portfolio.live,
            *result.portfolio.bots,
        ]  # type: ignore[list-item]
        for block in blocks:
            assert block.peak >= block.equity
            assert 0 <= block.drawdown_ratio <= 1


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(fleets, st.integers(0, 2), st.sampled_from([0, 2, 14, 86_400])), min_size=2, max_size=6))
def test_what_is_not_reckoned_again_is_as_if_it_were(history: list[tuple[tuple[BotReading, ...], int, int]]) -> None:
    now, known, parts = NOW, history[0][0], None
    for fleet, kept, seconds in history:
        now += timedelta(seconds=seconds)
        known = (*known[:kept], *fleet[kept:])  # some say what they said, others something else
        currency = "USDT" if kept else "EUR"
        result = aggregate(known, currency=currency, now=now, parts=parts)
        assert result == aggregate(known, currency=currency, now=now)
        parts = result.parts


def test_a_bot_that_says_what_it_said_only_ages() -> None:
    fleet = [reading("bot-a", snapshot(open_trades=[trade()])), reading("bot-b", snapshot())]
    first = aggregate(fleet, currency="USDT", now=NOW)
    again = aggregate(fleet, currency="USDT", now=NOW, peaks=first.peaks, parts=first.parts)
    assert again.parts["bot-a"] is first.parts["bot-a"]
    later = aggregate(fleet, currency="USDT", now=NOW + timedelta(seconds=20), peaks=first.peaks, parts=first.parts)
    assert [(bot.age_seconds, bot.stale) for bot in later.portfolio.bots] == [(22, True)] * 2
    assert later.portfolio.bots[0].exposure is first.portfolio.bots[0].exposure


members = st.dictionaries(
    st.sampled_from("abcdef"), st.builds(Member, profit=profits, capital=st.decimals(1, 10**6, places=2)), max_size=6
)
peaks_so_far = st.lists(members, min_size=1, max_size=4)


def after(history: list[dict[str, Member]]) -> Peak:
    peak: Peak | None = None
    for step in history:
        peak = advance_peak(peak, step)
    assert peak is not None
    return peak


@given(peaks_so_far, st.builds(Member, profit=profits, capital=st.decimals(1, 10**6, places=2)))
def test_a_member_that_joins_is_neither_profit_nor_drawdown(history: list[dict[str, Member]], new: Member) -> None:
    before = after(history)
    joined = advance_peak(before, {**before.members, "new": new})
    assert give_back(joined) == give_back(before)


@given(peaks_so_far, st.sampled_from("abcdef"))
def test_a_member_that_leaves_adds_no_drawdown(history: list[dict[str, Member]], leaver: str) -> None:
    before = after(history)
    left = advance_peak(before, {name: member for name, member in before.members.items() if name != leaver})
    assert give_back(left) <= give_back(before)
    assert give_back(advance_peak(before, {})) == 0 or not before.members


@given(peaks_so_far, st.decimals(0, 10**6, places=2))
def test_a_loss_is_given_back_in_full(history: list[dict[str, Member]], loss: Decimal) -> None:
    before = after([*history, {"a": Member(Decimal(0), Decimal(100))}])
    now = advance_peak(before, {"a": Member(-loss, Decimal(100))})
    assert give_back(now) == give_back(before) + loss
    assert give_back(advance_peak(now, {"a": Member(Decimal(10) ** 8, Decimal(100))})) == 0

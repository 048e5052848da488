"""Aggregation: sums, conversion, staleness."""

from datetime import timedelta
from decimal import Decimal

import pytest

from orchestrator.portfolio.aggregate import BotReading, aggregate, is_plausible
from orchestrator.portfolio.peaks import Peak
from orchestrator.portfolio.views import Portfolio, material, wire
from tests.unit.portfolio.builders import NOW, conversion, reading, snapshot, trade


def of(*readings: BotReading, currency: str = "USDT") -> Portfolio:
    return aggregate(readings, currency=currency, now=NOW).portfolio


def test_no_bots_is_a_portfolio_of_zeros() -> None:
    empty = of()
    assert (empty.equity, empty.peak, empty.drawdown_ratio, empty.profit_ratio) == (0, 0, 0, 0)
    assert (empty.bots, empty.by_currency, empty.rates, empty.unconverted) == ([], [], [], [])


def test_dry_and_live_are_summed_together_and_told_apart() -> None:
    portfolio = of(
        reading("bot-a", snapshot(free=900, in_trades=150, realised="40", unrealised="10", realised_today="5")),
        reading("bot-b", snapshot(free=2000, starting_balance="1500"), mode="live"),
    )
    assert (portfolio.equity, portfolio.dry.equity, portfolio.live.equity) == (3050, 1050, 2000)
    assert (portfolio.free, portfolio.in_trades, portfolio.starting_capital) == (2900, 150, 2500)
    assert (portfolio.realised, portfolio.unrealised, portfolio.realised_today) == (40, 10, 5)
    assert portfolio.profit_ratio == Decimal("0.22")
    assert (portfolio.dry.bots, portfolio.live.bots) == (1, 1)


def test_a_bot_counts_with_its_starting_balance_before_its_first_snapshot() -> None:
    portfolio = of(reading("bot-a", None, observed_state="starting", starting_balance=Decimal(500)))
    (bot,) = portfolio.bots
    assert (bot.equity, bot.free, bot.starting_capital, bot.profit_ratio) == (500, 500, 500, 0)
    assert (bot.stale, bot.as_of, bot.age_seconds) == (False, None, None)
    assert portfolio.equity == 500


def test_totals_are_converted_with_the_rate_that_is_told_with_its_time() -> None:
    told = snapshot(
        stake_currency="BTC", free="0.5", starting_balance="0.4", conversion=conversion("BTC", "USDT", 50000)
    )
    portfolio = of(reading("bot-a", told), reading("bot-b", snapshot()))
    assert (portfolio.equity, portfolio.starting_capital) == (26000, 21000)
    assert [(rate.source, rate.rate, rate.at) for rate in portfolio.rates] == [("BTC", 50000, NOW)]
    assert [(total.currency, total.equity) for total in portfolio.by_currency] == [
        ("BTC", Decimal("0.5")),
        ("USDT", 1000),
    ]
    assert portfolio.bots[0].equity == Decimal("0.5")
    assert portfolio.unconverted == []


def test_another_bot_s_newer_rate_of_the_pair_serves_all() -> None:
    old = conversion("BTC", "USDT", 50000, NOW - timedelta(minutes=5))
    portfolio = of(
        reading("bot-a", snapshot(stake_currency="BTC", free="1", conversion=old)),
        reading("bot-b", snapshot(stake_currency="BTC", free="1", conversion=conversion("BTC", "USDT", 60000))),
        reading("bot-c", None, stake_currency="BTC", starting_balance=Decimal(1)),
    )
    assert portfolio.equity == 180000
    assert {bot.conversion.rate for bot in portfolio.bots if bot.conversion} == {Decimal(60000)}


def test_a_rate_told_the_other_way_round_serves_only_without_a_direct_one() -> None:
    reverse = reading("bot-a", snapshot(free=0, starting_balance=0, conversion=conversion("USDT", "EUR", "0.8")))
    euros = reading("bot-b", snapshot(stake_currency="EUR", free=100))
    assert of(reverse, euros).equity == 125
    direct = reading("bot-c", snapshot(stake_currency="EUR", free=0, conversion=conversion("EUR", "USDT", "1.5")))
    assert of(reverse, euros, direct).equity == 150


@pytest.mark.parametrize("rate", ["0", "-1", "1e30"])
def test_a_bot_without_a_usable_rate_is_left_out_of_the_totals_and_named(rate: str) -> None:
    told = snapshot(stake_currency="XYZ", free=7, conversion=conversion("XYZ", "USDT", rate))
    portfolio = of(reading("bot-a", told), reading("bot-b", snapshot()))
    assert portfolio.unconverted == ["bot-a"]
    assert portfolio.equity == 1000
    assert [total.equity for total in portfolio.by_currency] == [1000, 7]
    assert portfolio.bots[0].conversion is None


def test_rates_into_a_former_reporting_currency_are_not_used() -> None:
    told = snapshot(stake_currency="BTC", conversion=conversion("BTC", "USDT", 50000))
    assert of(reading("bot-a", told), currency="EUR").unconverted == ["bot-a"]


def test_exposure_is_market_value_per_asset_with_shorts_against_it() -> None:
    portfolio = of(
        reading("bot-a", snapshot(free=700, in_trades=300, open_trades=[trade("BTC", "2"), trade("ETH", "1")])),
        reading("bot-b", snapshot(free=900, in_trades=100, open_trades=[trade("BTC", "1", is_short=True)])),
    )
    assert [(item.asset, item.value, item.ratio) for item in portfolio.exposure] == [
        ("BTC", 100, Decimal("0.05")),
        ("ETH", 100, Decimal("0.05")),
    ]
    assert portfolio.open_trades == 3
    assert portfolio.bots[1].exposure[0].value == -100


def test_what_was_realised_yesterday_was_not_realised_today() -> None:
    yesterday = snapshot(as_of=NOW - timedelta(hours=13), realised="9", realised_today="9")
    portfolio = of(reading("bot-a", yesterday, observed_state="stopped", desired_state="stopped"))
    assert (portfolio.realised, portfolio.realised_today) == (9, 0)


@pytest.mark.parametrize(
    ("desired", "observed", "age", "stale"),
    [
        ("running", "running", 14, False),
        ("running", "running", 16, True),
        ("paused", "paused", 16, True),
        ("running", "starting", 16, True),
        ("running", "stopped", 16, True),
        ("running", "unknown", 1, True),
        ("running", "failed", 1, True),
        ("running", "quarantined", 1, True),
        ("stopped", "stopped", 10_000, False),
        ("stopped", "stopping", 16, True),
        ("deleted", "stopped", 10_000, False),
        ("stopped", "unknown", 1, True),
    ],
)
def test_a_bot_that_should_report_and_does_not_is_stale(desired: str, observed: str, age: int, stale: bool) -> None:
    bot = reading(
        "bot-a",
        snapshot(free=1234),
        desired_state=desired,
        observed_state=observed,
        snapshot_at=NOW - timedelta(seconds=age),
    )
    portfolio = of(bot)
    assert portfolio.bots[0].stale is stale
    assert portfolio.stale_bots == int(stale)
    assert portfolio.equity == 1234, "last values, never zero"
    assert portfolio.bots[0].age_seconds == age


def test_a_bot_that_was_just_started_again_is_given_time_to_report() -> None:
    old = NOW - timedelta(hours=5)
    bot = reading("bot-a", snapshot(), snapshot_at=old, expected_since=NOW - timedelta(seconds=5))
    assert not of(bot).bots[0].stale


def test_a_running_bot_that_never_reported_is_stale_after_a_while() -> None:
    assert of(reading("bot-a", None)).bots[0].stale
    assert not of(reading("bot-a", None, expected_since=NOW)).bots[0].stale


def test_drawdown_is_measured_from_the_highest_profit() -> None:
    peaks: dict[str, Peak] = {}
    told = []
    for free in (1000, 1100, 1045):
        result = aggregate([reading("bot-a", snapshot(free=free))], currency="USDT", now=NOW, peaks=peaks)
        peaks = dict(result.peaks)
        told.append((result.portfolio.peak, result.portfolio.drawdown_ratio))
    assert told == [(1000, 0), (1100, 0), (1100, Decimal("0.05"))]


def test_a_bot_s_own_peak_is_carried_on() -> None:
    bot = reading("bot-a", snapshot(free=1045), peak_profit=Decimal(100))
    result = aggregate([bot], currency="USDT", now=NOW)
    assert (result.portfolio.bots[0].peak, result.portfolio.bots[0].drawdown_ratio) == (1100, Decimal("0.05"))
    assert result.bot_peaks == {"bot-a": 100}


def test_money_and_ratios_travel_as_plain_decimal_strings() -> None:
    body = wire(of(reading("bot-a", snapshot(free="0.00000001", starting_balance="3"))))
    assert body["equity"] == "0.00000001"
    assert body["profit_ratio"] == "-1.00000000"
    assert body["bots"][0]["free"] == "0.00000001"


def test_age_alone_is_no_change_but_staleness_is() -> None:
    bots = [reading("bot-a", snapshot(conversion=None)), reading("bot-b", snapshot(stake_currency="BTC", free=1,
            conversion=conversion("BTC", "USDT", 2)))]  # fmt: skip
    bodies = [
        material(wire(aggregate(bots, currency="USDT", now=NOW + timedelta(seconds=later)).portfolio))
        for later in (0, 5, 20)
    ]
    assert bodies[0] == bodies[1]
    assert bodies[1] != bodies[2]


def test_amounts_that_no_account_holds_are_not_believed() -> None:
    assert is_plausible(snapshot(free=10**12))
    assert not is_plausible(snapshot(free=10**18))
    assert not is_plausible(snapshot(open_trades=[trade(amount="1e40")]))

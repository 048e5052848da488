"""The fleet's risk engine: caps across bots, the life of a reservation, and what it refuses without any limit."""

from datetime import timedelta
from decimal import Decimal

import pytest

from pool.contract.policy import GroupExposure, Limits
from pool.contract.risk import Mode
from pool.contract.snapshots import ConversionRate
from tests.unit.risk.fleet import USER, Fleet, holding, ordered, reading

FIFTY = [f"bot-{number}" for number in range(50)]


def limits(**values: object) -> Limits:
    return Limits.model_validate(
        {name: str(value) if not isinstance(value, int) else value for name, value in values.items()}
    )


def test_of_fifty_bots_that_ask_in_the_same_second_as_many_get_leave_as_there_is_room_for() -> None:
    fleet = Fleet(limits(asset_exposure="0.1"), FIFTY)
    grants = [fleet.ask(name, exposure=700) for name in FIFTY]
    assert sum(grant.granted for grant in grants) == 7  # a tenth of 50,000 is 5,000
    refused = grants[-1]
    assert refused.limit == "limits.asset_exposure"
    assert "5,600.00 USDT" in refused.message
    assert "5,000.00 USDT" in refused.message


@pytest.mark.parametrize(
    ("limit", "refused_by"), [({"open_trades": 3}, "open_trades"), ({"asset_trades": 3}, "asset_trades")]
)
def test_trades_are_counted_across_bots(limit: dict[str, int], refused_by: str) -> None:
    fleet = Fleet(limits(**limit), FIFTY)
    assert [fleet.ask(name).granted for name in FIFTY[:5]] == [True, True, True, False, False]
    assert fleet.ask(FIFTY[9]).limit == f"limits.{refused_by}"
    assert fleet.ask(FIFTY[0], "more", purpose="adjust").granted, "what adds to a trade is no trade more"


def test_dry_and_live_bots_have_books_of_their_own() -> None:
    fleet = Fleet(limits(open_trades=1), ["dry", "live"], live=frozenset({"live"}))
    assert fleet.ask("dry").granted
    assert fleet.ask("live").granted
    assert not fleet.ask("live", "two", pair="ETH/USDT").granted


def test_what_a_bot_was_given_is_no_equity_before_it_told_of_it() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b", "new"], silent=frozenset({"new"}))
    assert not fleet.ask("a", exposure=201).granted
    assert fleet.ask("a", exposure=200).granted
    fleet.report("new")
    assert fleet.ask("b", exposure=100).granted
    nobody = Fleet(limits(total_exposure="0.1"), ["a"], silent=frozenset({"a"}))
    assert "no bot has reported yet" in nobody.ask("a", exposure=1).message


def test_a_bot_that_trades_live_now_has_nothing_of_its_play_money() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"], live=frozenset({"b"}))
    fleet.report("a", [holding(100)], equity=10**6)
    fleet.live = frozenset({"a", "b"})
    fleet.learn()
    fleet.engine.snapshot("a", reading(fleet.at() + timedelta(seconds=1), equity=10**6))  # of the dry run that ends
    assert not fleet.ask("b", exposure=101).granted
    assert fleet.ask("b", exposure=100).granted
    assert {one.asset for one in fleet.engine.held(USER)} == {"BTC"}
    fleet.engine.snapshot("a", reading(fleet.at() + timedelta(seconds=2), equity=500, mode="live"))
    assert fleet.ask("a", exposure=50).granted
    assert not fleet.ask("a", "more", exposure=1, purpose="adjust").granted


def test_an_older_report_of_another_run_takes_no_newer_ones_place_and_a_clock_may_be_set() -> None:
    fleet = Fleet(limits(open_trades=1), ["a", "b"])
    held, earlier = [holding(100)], fleet.at() - timedelta(hours=1)
    fleet.engine.snapshot("a", reading(fleet.at(), held), "run-2")
    fleet.engine.snapshot("a", reading(earlier), "run-1")
    assert not fleet.ask("b").granted
    fleet.engine.snapshot("a", reading(earlier), "run-2")
    assert fleet.ask("b").granted


def test_room_that_was_given_back_is_there_again() -> None:
    fleet = Fleet(limits(open_trades=1), ["a", "b"])
    assert fleet.ask("a").granted
    assert not fleet.ask("b").granted
    fleet.settle("a", "one", "released")
    assert fleet.ask("b").granted


def test_a_fill_keeps_its_room_until_a_later_report_shows_the_trade() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"])
    assert fleet.ask("a", exposure=200).granted
    fleet.settle("a", "one", "sent")
    fleet.settle("a", "one", "filled", exposure=Decimal(150))
    fleet.report("a")  # taken before the fill, it was on its way
    assert not fleet.ask("b", exposure=100).granted
    fleet.wait(3)
    fleet.report("a", [holding(150)])
    assert fleet.engine.reserved() == 0
    assert not fleet.ask("b", exposure=100).granted
    assert fleet.ask("b", exposure=50).granted


def test_a_grant_that_nobody_heard_of_again_is_given_up_by_a_report_after_it_expired_and_not_before() -> None:
    fleet = Fleet(limits(open_trades=1), ["a", "b"])
    assert fleet.ask("a").granted
    fleet.wait(60)
    assert not fleet.ask("b").granted, "its bot may have sent the order and not been heard"
    fleet.report("a")
    assert fleet.ask("b").granted


def test_an_order_that_rests_keeps_its_room_however_long() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"])
    assert fleet.ask("a", exposure=200).granted
    fleet.settle("a", "one", "sent")
    resting = holding(0, stake_amount=Decimal(200), has_open_orders=True)
    for _ in range(5):
        fleet.wait(60)
        fleet.report("a", [resting])
    assert not fleet.ask("b", exposure=1).granted
    fleet.wait(5)
    fleet.report("a", [holding(200)])
    assert not fleet.ask("b", exposure=1).granted, "the trade counts now"
    fleet.wait(5)
    fleet.report("a")
    assert fleet.ask("b", exposure=200).granted


def test_a_grant_whose_order_may_be_on_its_way_keeps_its_room_however_long() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"])
    assert fleet.ask("a", exposure=200).granted
    for _ in range(3):  # `create_order` does not come back
        fleet.wait(20)
        fleet.report("a", entering=[ordered(200)])
    assert not fleet.ask("b", exposure=1).granted
    fleet.settle("a", "one", "filled", exposure=Decimal(200))
    assert not fleet.ask("b", exposure=1).granted
    fleet.wait(5)
    fleet.report("a", [holding(200)], entering=[])
    assert fleet.engine.reserved() == 0
    assert not fleet.ask("b", exposure=1).granted


def test_a_new_leader_counts_what_rests_and_what_replaces_it() -> None:
    fleet = Fleet(limits(total_exposure="0.3"), ["a", "b"])
    fleet.report("a", [holding(200, has_open_orders=True)], entering=[ordered(300)])
    assert not fleet.ask("b", exposure=101).granted, "an adjustment that a former leader granted"
    assert not fleet.ask("a", exposure=401, purpose="replace").granted
    assert fleet.ask("a", exposure=350, purpose="replace").granted
    assert not fleet.ask("b", exposure=51).granted, "what replaces it adds to the trade, too"
    assert fleet.ask("b", exposure=50).granted


def test_an_entry_that_was_filled_in_part_counts_once_with_what_replaced_the_rest() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"])
    assert fleet.ask("a", exposure=150).granted
    fleet.settle("a", "one", "sent")
    fleet.wait(5)
    fleet.report("a", [holding(150, amount=Decimal(0), has_open_orders=True)], entering=[ordered(150)])
    assert fleet.ask("b", exposure=50).granted
    fleet.settle("b", "one", "released")
    assert fleet.ask("a", exposure=90, purpose="replace").granted
    fleet.settle("a", "one", "sent")
    fleet.wait(5)
    fleet.report("a", [holding(60, has_open_orders=True)], entering=[ordered(90)])
    assert not fleet.ask("b", exposure=51).granted
    assert fleet.ask("b", exposure=50).granted


def test_an_order_that_rests_counts_with_its_leverage_where_nobody_knows_its_reservation() -> None:
    fleet = Fleet(limits(total_exposure="0.3"), ["a", "b"])
    fleet.report("a", [holding(0, stake_amount=Decimal(200), leverage=Decimal(3), has_open_orders=True)])
    assert not fleet.ask("b", exposure=1).granted


def test_the_use_of_limits_is_told_of_next_to_no_equity() -> None:
    fleet = Fleet(limits(total_exposure="0.3"), ["a"])
    fleet.report("a", [holding(10**12)], equity="1e-18")
    assert [use.used for use in fleet.engine.uses(USER, live=False)] == [Decimal(10) ** 30]


def test_a_replaced_order_takes_the_place_of_its_reservation() -> None:
    fleet = Fleet(limits(total_exposure="0.1", open_trades=1), ["a"])
    assert fleet.ask("a", exposure=90).granted
    assert fleet.ask("a", exposure=100, purpose="replace").granted
    assert not fleet.ask("a", exposure=101, purpose="replace").granted
    assert fleet.engine.reservations(USER)[0][1].exposure == 100


def test_where_no_rate_is_known_ratios_refuse_and_counts_do_not() -> None:
    fleet = Fleet(limits(total_exposure="0.5"), ["a"], currency="EUR")
    refused = fleet.ask("a")
    assert refused.limit == "limits.total_exposure"
    assert "rate is missing" in refused.message
    fleet.limits = limits(open_trades=5)
    fleet.learn()
    assert fleet.ask("a").granted


def test_who_may_lose_no_more_than_so_much_in_all_adds_nothing_that_would_not_be_counted() -> None:
    fleet = Fleet(None, ["a"], currency="EUR", counts_losses=True)
    refused = fleet.ask("a")
    assert (refused.limit, "from USDT into EUR" in refused.message) == ("loss_limits", True)
    told = ConversionRate(source="USDT", target="EUR", rate=Decimal("0.9"), at=fleet.at())
    fleet.engine.snapshot("a", reading(fleet.at(), conversion=told))
    assert fleet.ask("a").granted
    assert not fleet.ask("a", "none", exposure=-100, pair="ETH/USDT").granted


def test_nothing_that_a_bot_tells_makes_room_for_others() -> None:
    fleet = Fleet(limits(total_exposure="0.1"), ["a", "b"])
    assert fleet.ask("a", exposure=10).granted
    fleet.settle("a", "one", "filled", exposure=Decimal(-500))
    assert not fleet.ask("b", exposure=201).granted
    fleet.report("a", entering=[ordered(-500, reservation=None)])
    assert not fleet.ask("b", exposure=201).granted


def test_exposure_counts_in_the_reporting_currency() -> None:
    fleet = Fleet(limits(total_exposure="0.5"), ["a"], currency="EUR")
    told = ConversionRate(source="USDT", target="EUR", rate=Decimal("0.9"), at=fleet.at())
    fleet.engine.snapshot("a", reading(fleet.at(), conversion=told))
    assert not fleet.ask("a", exposure=501).granted
    refused = fleet.ask("a", exposure=510)
    assert "459.00 EUR" in refused.message  # 510 at 0.9
    assert fleet.ask("a", exposure=500).granted


def test_a_group_is_what_moves_together_in_the_same_direction() -> None:
    known = {("BTC", "ETH"): 0.9, ("BTC", "DOGE"): 0.1, ("DOGE", "ETH"): 0.1}
    group = GroupExposure(ratio=Decimal("0.1"), correlation=Decimal("0.8"))
    fleet = Fleet(
        Limits(group_exposure=group), ["a", "b"], correlate=lambda one, two: known[(min(one, two), max(one, two))]
    )
    assert fleet.ask("a", exposure=200).granted
    refused = fleet.ask("b", exposure=100, pair="ETH/USDT")
    assert refused.limit == "limits.group_exposure"
    assert "BTC, ETH" in refused.message
    assert fleet.ask("b", exposure=200, pair="DOGE/USDT").granted
    assert fleet.ask("b", "short", exposure=200, pair="ETH/USDT", is_short=True).granted, "that is a hedge"


def test_an_unknown_correlation_counts_as_one_and_is_told() -> None:
    fleet = Fleet(Limits(group_exposure=GroupExposure(ratio=Decimal("0.1"))), ["a", "b"])
    assert fleet.ask("a", exposure=200).granted
    refused = fleet.ask("b", exposure=1, pair="XRP/USDT")
    assert not refused.granted
    assert "Not known yet, and counted as correlated: BTC" in refused.message


def test_a_bound_bot_gets_nothing_and_hears_why() -> None:
    fleet = Fleet(None, ["a"], modes={"a": Mode.REDUCING})
    assert fleet.ask("a").limit == "mode"
    fleet.modes = {}
    fleet.learn()
    assert fleet.ask("a").granted


def test_nothing_is_granted_once_the_database_is_silent() -> None:
    fleet = Fleet(None, ["a"])
    fleet.clock.now += 11
    assert fleet.ask("a").limit == "lease"
    fleet.learn()
    assert fleet.ask("a").granted


def test_after_a_take_over_nothing_is_granted_until_all_reported_or_their_leases_lapsed() -> None:
    fleet = Fleet(None, ["a", "b"], ran_before=True)
    assert fleet.ask("a").limit == "warming"
    fleet.report("a")
    fleet.report("b")
    assert fleet.ask("a").limit == "warming", "what was granted before may still be on its way"
    fleet.wait(12.5)
    fleet.report("a", [holding(1)])
    assert fleet.ask("a").limit == "warming"
    fleet.report("b", [holding(1)])
    assert fleet.ask("a", pair="ETH/USDT").granted
    silent = Fleet(None, ["a", "b"], ran_before=True)
    silent.wait(14)
    assert silent.ask("a").limit == "warming"
    silent.wait(1.5)
    assert silent.ask("a").granted


def test_the_use_of_every_limit_is_told() -> None:
    group = GroupExposure(ratio=Decimal("0.5"))
    fleet = Fleet(
        Limits(open_trades=5, asset_exposure=Decimal("0.4"), total_exposure=Decimal(1), group_exposure=group),
        ["a", "b"],
    )
    fleet.report("a", [holding(200)])
    fleet.ask("b", exposure=100, pair="ETH/USDT")
    told = [(use.limit, use.subject, use.used) for use in fleet.engine.uses(USER, live=False)]
    assert told == [
        ("limits.open_trades", "", Decimal(2)),
        ("limits.asset_exposure", "BTC", Decimal("0.1")),
        ("limits.asset_exposure", "ETH", Decimal("0.05")),
        ("limits.total_exposure", "", Decimal("0.15")),
        ("limits.group_exposure", "BTC ETH", Decimal("0.15")),
    ]
    assert fleet.engine.uses(USER, live=True)[0].used == 0

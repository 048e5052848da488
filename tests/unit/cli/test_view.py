"""What the terminal shows of a fleet: values in, text out."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from rich.console import Console

from api.cli.fleet import BotLine, Fleet, PoolLine, Sum, TradeLine
from api.cli.view import changes, live_view, summary

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TRADE = TradeLine(7, "BTC/USDT", Decimal("0.0123"))
POOL = PoolLine("pool-local", "ready", "ready", 2, 50, 120_000_000, None)
BOT = BotLine(
    bot_id="bot-1",
    name="demo-trend",
    template="trend",
    observed_state="running",
    desired_state="running",
    condition=None,
    currency="USDT",
    open_trades=(TRADE,),
    closed_trades=3,
    equity=Decimal("1012.5"),
    profit=Decimal("12.5"),
    unrealised=Decimal("2.4"),
    pss_bytes=24_000_000,
    stale=False,
)


SUM = Sum("EUR", Decimal("1012.5"), Decimal("12.5"), Decimal("0.0125"), Decimal("-1.5"), Decimal("0.003"))


def fleet(*bots: BotLine, pools: tuple[PoolLine, ...] = (POOL,), sums: tuple[Sum, ...] = (SUM,)) -> Fleet:
    return Fleet(NOW, bots, pools, sums)


def shown(what: Fleet, rows: int | None = None) -> str:
    console = Console(width=160, record=True, file=None, force_terminal=False, quiet=False)
    with console.capture() as captured:
        console.print(live_view(what, "header", "footer", rows))
    return captured.get()


def test_the_live_view_has_it_all() -> None:
    text = shown(fleet(BOT))
    for part in ("header", "demo-trend", "running", "BTC", "+1.2%", "1,012.50 USDT", "+12.50", "+2.40", "24.0 MB"):
        assert part in text
    for part in ("pool pool-local: ready, zygote ready, 2/50 slots, 120.0 MB in all", "1 open trade ", "footer"):
        assert part in text


def test_real_money_stands_out() -> None:
    assert "LIVE" not in shown(fleet(BOT))
    assert "LIVE on paper" in shown(fleet(replace(BOT, trading="paper_live")))
    assert "demo-trend LIVE" in shown(fleet(replace(BOT, trading="live")))


def test_a_bot_without_a_report_shows_no_zero() -> None:
    text = shown(
        fleet(
            replace(BOT, equity=None, profit=None, unrealised=None, open_trades=(), observed_state="starting"), sums=()
        )
    )
    assert "starting → running" in text
    assert "0.00" not in text


def test_a_silent_bot_keeps_its_values_and_is_marked() -> None:
    text = shown(fleet(replace(BOT, stale=True, observed_state="unknown")))
    assert "stale" in text
    assert "1,012.50" in text
    assert "1 not reporting" in text


def test_when_not_all_fit_those_in_trouble_come_first() -> None:
    calm = [replace(BOT, bot_id=f"bot-{n}", name=f"calm-{n}") for n in range(9)]
    ill = replace(BOT, bot_id="bot-x", name="ill", condition="Quarantined: three crashes.")
    text = shown(fleet(*calm, ill), rows=3)
    assert "ill" in text
    assert "Quarantined" in text
    assert "and 7 more" in text


def test_plain_lines_tell_each_change_once() -> None:
    first = fleet(replace(BOT, observed_state="starting", equity=None, open_trades=()), pools=())
    running = fleet(replace(BOT, open_trades=()))
    entered = fleet(BOT)
    assert changes(None, first) == ["demo-trend: starting"]
    assert changes(first, running) == ["pool pool-local: ready, zygote ready", "demo-trend: running"]
    assert changes(running, running) == []
    assert changes(running, entered) == ["demo-trend: entered BTC/USDT"]
    assert changes(entered, running) == ["demo-trend: left BTC/USDT, about +1.23 %"]
    assert changes(running, fleet()) == ["demo-trend: deleted"]


def test_trades_that_were_open_at_the_start_are_not_entries() -> None:
    assert changes(None, fleet(BOT, pools=())) == ["demo-trend: running"]


def test_conditions_are_told_when_they_come() -> None:
    ill = replace(BOT, condition="ExchangeUnreachable: waits and tries again.")
    assert changes(fleet(BOT), fleet(ill)) == ["demo-trend: ExchangeUnreachable: waits and tries again."]
    assert changes(fleet(ill), fleet(ill)) == []


def test_the_summary_has_no_markup() -> None:
    line = summary(fleet(BOT, replace(BOT, bot_id="bot-2", observed_state="paused")))
    assert line == (
        "2 bots · 2 open trades · equity 1,012.50 EUR · profit +12.50 (+1.25 %) · today -1.50 · drawdown 0.30 %"
        " · 1 paused, 1 running · 120.0 MB"
    )

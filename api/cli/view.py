"""What the terminal shows of the fleet. Pure: values in, renderables or lines out."""

from collections import Counter
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from api.cli import output
from api.cli.fleet import BotLine, Fleet, PoolLine, TradeLine

_TRADES_SHOWN = 4


def live_view(fleet: Fleet, header: str, footer: str, rows: int | None = None) -> RenderableType:
    """The whole screen. `rows` limits how many bots are listed; those in trouble come first then."""
    shown = _most_telling(fleet.bots, rows)
    hidden = len(fleet.bots) - len(shown)
    parts: list[RenderableType] = [Text.from_markup(header), Text(), _bots_table(shown)]
    if hidden > 0:
        parts.append(Text(f"and {hidden} more; see `flotilla bots list`", style="dim"))
    parts += [Text(), Text.from_markup(totals(fleet)), *(Text.from_markup(_pool(pool)) for pool in fleet.pools)]
    parts += [Text(), Text.from_markup(footer, style="dim")]
    return Group(*parts)


def totals(fleet: Fleet) -> str:
    """One line over all bots. Bots that do not report are in it with their last values, and are told."""
    if not fleet.bots:
        return "No bots yet."
    parts = [
        output.count(len(fleet.bots), "bot"),
        output.count(sum(len(bot.open_trades) for bot in fleet.bots), "open trade"),
    ]
    for one in fleet.sums:
        parts.append(f"equity {output.money(one.equity)} {output.text(one.currency)}")
        parts.append(f"profit {output.gain(one.profit)} ({output.percent(one.profit_ratio)})")
        parts.append(f"today {output.gain(one.realised_today)}")
        parts.append(f"drawdown {output.share(one.drawdown_ratio)}")
    stale = sum(bot.stale for bot in fleet.bots)
    if stale:
        parts.append(f"[magenta]{stale} not reporting[/]")
    return " · ".join(parts)


def changes(before: Fleet | None, after: Fleet) -> list[str]:
    """A line per thing that changed: states of bots and pools, trades opened and closed. No markup."""
    lines: list[str] = []
    known_pools = {pool.pool_id: pool for pool in before.pools} if before else {}
    for pool in after.pools:
        past = known_pools.get(pool.pool_id)
        if past is None or (past.state, past.zygote_state) != (pool.state, pool.zygote_state):
            lines.append(f"pool {pool.pool_id}: {pool.state}, zygote {pool.zygote_state}")
    known = {bot.bot_id: bot for bot in before.bots} if before else {}
    for bot in after.bots:
        lines += _changes_of_bot(known.get(bot.bot_id), bot)
    gone = known.keys() - {bot.bot_id for bot in after.bots}
    lines += [f"{known[bot_id].name}: deleted" for bot_id in sorted(gone)]
    return lines


def summary(fleet: Fleet) -> str:
    """One line without markup."""
    states = Counter(bot.observed_state for bot in fleet.bots)
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    memory = sum(pool.pss_bytes or 0 for pool in fleet.pools)
    line = Text.from_markup(totals(fleet)).plain
    return f"{line} · {told or 'none'} · {output.megabytes(memory)}"


def _changes_of_bot(before: BotLine | None, bot: BotLine) -> list[str]:
    lines: list[str] = []
    if before is None or before.observed_state != bot.observed_state:
        lines.append(f"{bot.name}: {bot.observed_state}")
    if bot.condition and (before is None or before.condition != bot.condition):
        lines.append(f"{bot.name}: {bot.condition}")
    if before is None:
        return lines
    past = {trade.trade_id: trade for trade in before.open_trades}
    now = {trade.trade_id: trade for trade in bot.open_trades}
    lines += [f"{bot.name}: entered {now[number].pair}" for number in sorted(now.keys() - past.keys())]
    lines += [
        f"{bot.name}: left {past[number].pair}, about {output.percent(past[number].profit_ratio)}"
        for number in sorted(past.keys() - now.keys())
    ]
    return lines


def _bots_table(bots: list[BotLine]) -> Table:
    columns = ("BOT", "STATE", "TEMPLATE", "OPEN TRADES", ">CLOSED", ">EQUITY", ">PROFIT", ">OPEN P/L", ">MEMORY")
    return output.make_table(columns, [_bot_row(bot) for bot in bots])


def _bot_row(bot: BotLine) -> tuple[str, ...]:
    state = output.state(bot.observed_state, bot.desired_state)
    if bot.condition:
        state = f"{state} [dim]{output.text(bot.condition.partition(':')[0])}[/]"
    if bot.stale:
        state = f"{state} [magenta]stale[/]"
    return (
        output.text(bot.name) if bot.trading == "dry_run" else f"{output.text(bot.name)} {output.trading(bot.trading)}",
        state,
        output.text(bot.template),
        _trades(bot.open_trades),
        str(bot.closed_trades),
        "-" if bot.equity is None else f"{output.money(bot.equity)} {output.text(bot.currency)}",
        output.gain(bot.profit),
        output.gain(bot.unrealised),
        output.megabytes(bot.pss_bytes),
    )


def _trades(trades: tuple[TradeLine, ...]) -> str:
    shown = [f"{output.text(trade.pair.partition('/')[0])} {_tinted(trade.profit_ratio)}" for trade in trades]
    more = len(shown) - _TRADES_SHOWN
    return "  ".join(shown[:_TRADES_SHOWN]) + (f"  +{more}" if more > 0 else "") or "-"


def _tinted(ratio: Decimal) -> str:
    colour = "green" if ratio > 0 else "red"
    return f"[{colour}]{ratio * 100:+.1f}%[/]"


def _pool(pool: PoolLine) -> str:
    line = (
        f"pool {output.text(pool.pool_id)}: {output.state(pool.state)}, zygote {output.text(pool.zygote_state)}, "
        f"{pool.slots_used}/{pool.slots_total} slots, {output.megabytes(pool.pss_bytes)} in all"
    )
    return f"{line} [yellow]{output.text(pool.condition)}[/]" if pool.condition else line


def _most_telling(bots: tuple[BotLine, ...], rows: int | None) -> list[BotLine]:
    if rows is None or len(bots) <= rows:
        return list(bots)
    return sorted(bots, key=lambda bot: (bot.condition is None, not bot.stale, not bot.open_trades))[: max(rows, 1)]

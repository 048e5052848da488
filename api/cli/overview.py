"""`flotilla portfolio` and `flotilla status`: everything at a glance."""

from collections import Counter
from collections.abc import Mapping

from flotilla_client.api.bots import list_bots
from flotilla_client.api.pools import list_pools
from flotilla_client.api.portfolio import get_portfolio
from flotilla_client.models import BotPosition, Totals

from api.cli import output
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, connect


def portfolio(as_json: AsJson = False, url: Url = None) -> None:
    """Show the portfolio: equity, profit, exposure, and each bot's part."""
    with connect(url) as client:
        found = client.ask(get_portfolio, client=client.api)
    if as_json:
        output.print_json(found.json)
        return
    body = found.body
    for title, part in (("Dry run", body.dry), ("Live", body.live)):
        if part.bots:
            _print_part(title, part, output.text(body.currency))
    columns = ("BOT", "STATE", ">EQUITY", ">IN TRADES", ">OPEN", ">REALISED", ">UNREALISED", ">PROFIT", "")
    output.print_table(columns, [_bot_row(bot) for bot in body.bots], "No bots.")


def status(as_json: AsJson = False, url: Url = None) -> None:
    """Show whether the control plane is ready, and how many bots are in which state; exit code 6 if not ready."""
    with connect(url) as client:
        client.health()
        ready, checks = client.readiness()
        bots = Counter(bot.observed_state for bot in client.every(list_bots, client=client.api).body)
        pools = Counter(pool.observed_state for pool in client.every(list_pools, client=client.api).body)
    if as_json:
        output.print_json({"url": client.url, "ready": ready, "checks": checks, "bots": bots, "pools": pools})
    else:
        shown = ", ".join(f"{name}: {reason}" for name, reason in checks.items())
        output.print_fields(
            {
                "control plane": output.text(client.url),
                "ready": "[green]yes[/]" if ready else "[yellow]no[/]",
                "checks": output.text(shown),
                "bots": output.text(_told(bots)),
                "pools": output.text(_told(pools)),
            }
        )
    if not ready:
        raise CliError("The control plane is not ready yet; see the checks.", ExitCode.UNREACHABLE)


def _told(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(counted.items())) or "none"


def _print_part(title: str, part: Totals, currency: str) -> None:
    exposure = [f"{output.text(entry.asset)} {output.money(entry.value)}" for entry in part.exposure]
    output.show(f"[bold]{title}[/], in {currency}")
    output.print_fields(
        {
            "equity": output.money(part.equity),
            "free": output.money(part.free),
            "in trades": output.money(part.in_trades),
            "realised": f"{output.gain(part.realised)} (today {output.gain(part.realised_today)})",
            "unrealised": output.gain(part.unrealised),
            "profit": f"{output.percent(part.profit_ratio)} of {output.money(part.starting_capital)}",
            "drawdown": f"{output.share(part.drawdown_ratio)} from {output.money(part.peak)}",
            "exposure": ", ".join(exposure) or "-",
        }
    )
    output.show("")


def _bot_row(bot: BotPosition) -> tuple[str, ...]:
    return (
        output.text(bot.name),
        output.state(bot.state, bot.desired_state),
        f"{output.money(bot.equity)} {output.text(bot.currency)}",
        output.money(bot.in_trades),
        output.text(bot.open_trades),
        output.gain(bot.realised),
        output.gain(bot.unrealised),
        output.percent(bot.profit_ratio),
        "[magenta]stale[/]" if bot.stale else "",
    )

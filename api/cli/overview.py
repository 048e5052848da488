"""`flotilla portfolio` and `flotilla status`: everything at a glance."""

from typing import Any

from api.cli import output
from api.cli.client import ApiClient
from api.cli.exits import CliError, ExitCode
from api.cli.options import AsJson, Url, connect


def portfolio(as_json: AsJson = False, url: Url = None) -> None:
    """Show the portfolio: equity, profit, exposure, and each bot's part."""
    with connect(url) as client:
        body = client.get("/api/v1/portfolio")
    if as_json:
        output.print_json(body)
        return
    currency = output.text(body["currency"])
    for mode in ("dry", "live"):
        part = body[mode]
        if part["bots"]:
            _print_part({"dry": "Dry run", "live": "Live"}[mode], part, currency)
    bots = body["bots"]
    columns = ("BOT", "STATE", ">EQUITY", ">IN TRADES", ">OPEN", ">REALISED", ">UNREALISED", ">PROFIT", "")
    output.print_table(columns, [_bot_row(bot) for bot in bots], "No bots.")


def status(as_json: AsJson = False, url: Url = None) -> None:
    """Show whether the control plane is ready, and how many bots are in which state; exit code 6 if not ready."""
    with connect(url) as client:
        client.health()
        ready, checks = client.readiness()
        bots = _count(client, "/api/v1/bots")
        pools = _count(client, "/api/v1/pools")
    told = _checks(checks)
    body = {"url": client.url, "ready": ready, "checks": told, "bots": bots, "pools": pools}
    if as_json:
        output.print_json(body)
    else:
        shown = ", ".join(f"{name}: {reason}" for name, reason in told.items())
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


def _checks(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        return {}
    checks: dict[str, Any] = body.get("checks") or (body.get("params") or {}).get("checks") or {}
    return checks


def _count(client: ApiClient, path: str) -> dict[str, int]:
    counted: dict[str, int] = {}
    for item in client.items(path):
        counted[item["observed_state"]] = counted.get(item["observed_state"], 0) + 1
    return counted


def _told(counted: dict[str, int]) -> str:
    return ", ".join(f"{number} {state}" for state, number in sorted(counted.items())) or "none"


def _print_part(title: str, part: dict[str, Any], currency: str) -> None:
    exposure = [f"{output.text(entry['asset'])} {output.money(entry['value'])}" for entry in part["exposure"]]
    output.show(f"[bold]{title}[/], in {currency}")
    output.print_fields(
        {
            "equity": output.money(part["equity"]),
            "free": output.money(part["free"]),
            "in trades": output.money(part["in_trades"]),
            "realised": f"{output.gain(part['realised'])} (today {output.gain(part['realised_today'])})",
            "unrealised": output.gain(part["unrealised"]),
            "profit": f"{output.percent(part['profit_ratio'])} of {output.money(part['starting_capital'])}",
            "drawdown": f"{output.share(part['drawdown_ratio'])} from {output.money(part['peak'])}",
            "exposure": ", ".join(exposure) or "-",
        }
    )
    output.show("")


def _bot_row(bot: dict[str, Any]) -> tuple[str, ...]:
    return (
        output.text(bot["name"]),
        output.state(bot["state"], bot["desired_state"]),
        f"{output.money(bot['equity'])} {output.text(bot['currency'])}",
        output.money(bot["in_trades"]),
        output.text(bot["open_trades"]),
        output.gain(bot["realised"]),
        output.gain(bot["unrealised"]),
        output.percent(bot["profit_ratio"]),
        "[magenta]stale[/]" if bot["stale"] else "",
    )

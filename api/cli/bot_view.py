"""How a bot is shown."""

from decimal import Decimal
from typing import Any

from flotilla_client.models import BotPolicyResponse, BotResponse

from api.cli import output
from api.cli.client import Answer


def print_bot(found: Answer[BotResponse], as_json: bool) -> None:
    """All of one bot."""
    if as_json:
        output.print_json(found.json)
        return
    bot = found.body
    text = output.text
    output.print_fields(
        {
            "name": text(bot.name),
            "id": text(bot.id),
            "state": output.state(bot.observed_state, bot.desired_state),
            "trader": text(bot.trader_state),
            "conditions": text("; ".join(_sentences(bot))),
            "template": text(bot.template),
            "parameters": text(", ".join(f"{key}={value}" for key, value in bot.parameters.to_dict().items())),
            "exchange": f"{text(bot.exchange)}, {text(bot.trading_mode)}, {output.trading(_trading(bot))}",
            "pairs": text(" ".join(bot.pairs)),
            "timeframe": text(bot.timeframe),
            "stake": text(f"{plain(bot.stake_amount)} {bot.stake_currency}, up to {bot.max_open_trades} trades"),
            "balance": text(f"{plain(bot.starting_balance)} {bot.stake_currency} at the start"),
            "wakes": text(_waking(bot)),
            "pool": text(bot.pool),
            "memory": _memory(bot),
            "restarts": text(bot.restarts),
            "generation": text(f"{bot.generation} (in force: {bot.observed_generation})"),
            "policy": text(_policy(bot.policy)),
            "created": text(bot.created_at),
        }
    )


def row(bot: BotResponse) -> tuple[str, ...]:
    """A bot among others."""
    return (
        output.text(bot.name),
        output.state(bot.observed_state, bot.desired_state),
        output.text(bot.template),
        output.text(bot.exchange) if bot.dry_run else f"{output.text(bot.exchange)} {output.trading(_trading(bot))}",
        output.text(bot.pool),
        _memory(bot),
        output.age(bot.created_at),
        output.text(bot.id),
        output.text(_sentences(bot)[0] if _sentences(bot) else None),
    )


def reason(bot: BotResponse) -> str:
    """Why it is as it is, or where to look."""
    return "; ".join(_sentences(bot)) or f"see `flotilla bots logs {bot.name}`."


def short(data: dict[str, Any]) -> str:
    """What an event holds, on a line."""
    shown = [f"{key}={value}" for key, value in data.items() if isinstance(value, str | int | float) and value != ""]
    return " ".join(shown)[:160]


def _trading(bot: BotResponse) -> str:
    return "dry_run" if bot.dry_run else bot.trading


def _waking(bot: BotResponse) -> str | None:
    """When it looks now, and why not only when something is due; before it says so, what is wanted."""
    waking = bot.waking
    mode = ("on_need" if bot.wake_on_need else "loop") if waking is None else waking.mode
    when = "when something is due, and each minute" if mode == "on_need" else "every few seconds"
    if waking is None:
        return f"{when}, as set; no process says so yet"
    why = " ".join(reason.message for reason in waking.reasons)
    return f"{when}: {why}" if why else when


def _memory(bot: BotResponse) -> str:
    return output.megabytes(bot.memory.pss_bytes if bot.memory else None)


def _policy(policy: BotPolicyResponse | None) -> str | None:
    if policy is None:
        return None
    return f"{policy.label} ({'in force' if policy.in_force else 'not in force yet'})"


def _sentences(bot: BotResponse) -> list[str]:
    return [f"{condition.type_}: {condition.message}" for condition in bot.conditions]


def plain(amount: Any) -> str:
    """Exact, without noughts at its end."""
    return format(Decimal(str(amount)).normalize(), "f")

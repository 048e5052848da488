"""The portfolio as it is told: body of `GET /api/v1/portfolio` and of the stream's `portfolio` event.

Money and ratios are decimal strings on the wire. Formulas, for a bot in its stake currency and for totals in the user's
reporting currency alike:

- `equity = free + in_trades`
- `profit_ratio = (equity - starting_capital) / starting_capital`, 0 without capital
- `peak`: what equity would be today had no profit been given back since the best moment, `starting_capital + highest
  profit`; a bot that is created or deleted is neither profit nor drawdown (see `portfolio.peaks`)
- `drawdown_ratio = (peak - equity) / peak`, between 0 and 1 unless equity is negative
- exposure: market value of open positions per asset, shorts negative; cash is `free` and not part of it; its `ratio` is
  of equity
"""

from collections.abc import Generator
from typing import Any, Literal

from pydantic import Field

from orchestrator.kit.pace import at_once
from pool.contract.model import Instant, Money, Wire

Mode = Literal["dry", "live"]


class Exposure(Wire):
    """Market value held of one asset."""

    asset: str = Field(examples=["BTC"])
    value: Money = Field(examples=["412.5"])
    ratio: Money = Field(description="Of equity.", examples=["0.13750000"])


class Rate(Wire):
    """One unit of `source` was worth `rate` units of `target` at `at`."""

    source: str = Field(examples=["BTC"])
    target: str = Field(examples=["USDT"])
    rate: Money = Field(examples=["64012.5"])
    at: Instant


class Amounts(Wire):
    """What is summed up, in one currency."""

    equity: Money = Field(description="free + in_trades", examples=["3012.5"])
    free: Money = Field(description="Uninvested capital.", examples=["2600"])
    in_trades: Money = Field(description="Worth of open positions at current rates.", examples=["412.5"])
    realised: Money = Field(description="Closed profit over all time.", examples=["10.25"])
    unrealised: Money = Field(description="Profit of open trades at current rates, after fees.", examples=["2.25"])
    realised_today: Money = Field(description="Closed profit since midnight UTC.", examples=["1.5"])
    starting_capital: Money = Field(examples=["3000"])
    profit_ratio: Money = Field(examples=["0.00416667"])
    open_trades: int = Field(description="How many trades are open.", examples=[3])


class HighWater(Wire):
    """Where the best moment stood."""

    peak: Money = Field(description="starting_capital + highest profit so far.", examples=["3015"])
    drawdown_ratio: Money = Field(description="(peak - equity) / peak", examples=["0.00082919"])


class Totals(Amounts, HighWater):
    """Totals in the reporting currency. Money of bots in `unconverted` is not in it; counts are of all bots."""

    exposure: list[Exposure]
    bots: int = Field(examples=[3])
    stale_bots: int = Field(examples=[0])


class CurrencyTotals(Amounts):
    """Totals of the bots that trade in one stake currency, unconverted."""

    currency: str = Field(examples=["USDT"])
    bots: int = Field(examples=[3])


class BotPosition(Amounts, HighWater):
    """One bot, in its own stake currency `currency`."""

    id: str = Field(examples=["bot-k3v2q7d5mwxz4tha"])
    name: str = Field(examples=["trend"])
    mode: Mode
    currency: str = Field(examples=["USDT"])
    state: str = Field(description="Observed state.", examples=["running"])
    trader_state: str | None = Field(description="FreqTrade's own state.", examples=["running"])
    desired_state: str = Field(examples=["running"])
    stale: bool = Field(description="It should report and does not: these are its last values.")
    as_of: Instant | None = Field(description="Time of the reading; null before the first one.")
    age_seconds: int | None = Field(description="Since the reading arrived.", examples=[2])
    exposure: list[Exposure]
    conversion: Rate | None = Field(
        description="Rate that its money enters the totals with; null where none is known and it is left out of them."
    )
    pss_bytes: int | None = Field(description="Memory of its process, shared pages divided.", examples=[23068672])


class Portfolio(Amounts, HighWater):
    """All bots of a user, dry and live together; `dry` and `live` tell them apart. Deleted bots are not in it."""

    as_of: Instant
    currency: str = Field(description="Reporting currency of the user.", examples=["USDT"])
    exposure: list[Exposure]
    rates: list[Rate] = Field(description="Rates that were used, other than of a currency to itself.")
    by_currency: list[CurrencyTotals]
    unconverted: list[str] = Field(
        description="Ids of bots whose stake currency has no known rate: left out of all totals but `by_currency`.",
        examples=[[]],
    )
    stale_bots: int = Field(examples=[0])
    dry: Totals
    live: Totals
    bots: list[BotPosition]


def wire(portfolio: Portfolio) -> dict[str, Any]:
    """The body as JSON values."""
    return at_once(wiring(portfolio))


def wiring(portfolio: Portfolio) -> Generator[None, None, dict[str, Any]]:
    """The same in steps, of a bot each."""
    body = portfolio.model_dump(mode="json", exclude={"bots"})
    bots: list[dict[str, Any]] = []
    for bot in portfolio.bots:
        yield
        bots.append(bot.model_dump(mode="json"))
    return {**body, "bots": bots}


def material(body: dict[str, Any]) -> dict[str, Any]:
    """What of a `wire` body counts as a change: all but the times of readings and memory. Staleness counts."""
    return {
        **{key: value for key, value in body.items() if key != "as_of"},
        "rates": [_without(rate, "at") for rate in body["rates"]],
        "bots": [
            _without(bot, "as_of", "age_seconds", "pss_bytes", "conversion")
            | {"conversion": bot["conversion"] and _without(bot["conversion"], "at")}
            for bot in body["bots"]
        ],
    }


def _without(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key not in keys}

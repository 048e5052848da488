"""Readings and snapshots for tests of the portfolio."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from orchestrator.portfolio.aggregate import BotReading
from pool.contract.snapshots import BotSnapshot, ConversionRate, OpenTrade

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def trade(asset: str = "BTC", amount: str = "1", rate: str = "100", **changes: Any) -> OpenTrade:
    return OpenTrade(
        **{
            "trade_id": 1, "pair": f"{asset}/USDT", "base_currency": asset, "is_short": False,
            "amount": Decimal(amount), "stake_amount": Decimal(90), "open_rate": Decimal(90),
            "current_rate": Decimal(rate), "stop_rate": None, "profit_abs": Decimal(1), "profit_ratio": Decimal("0.01"),
            "realised_abs": Decimal(0), "value_stake": Decimal(99), "opened_at": NOW, "has_open_orders": False,
            "entry_tag": None,
        }
        | changes
    )  # fmt: skip


def snapshot(**changes: Any) -> BotSnapshot:
    free = Decimal(changes.pop("free", 1000))
    in_trades = Decimal(changes.pop("in_trades", 0))
    values: dict[str, Any] = {
        "as_of": NOW - timedelta(seconds=2), "stake_currency": "USDT", "mode": "dry", "starting_balance": Decimal(1000),
        "free": free, "in_trades": in_trades, "equity": free + in_trades, "realised": Decimal(0),
        "realised_today": Decimal(0), "unrealised": Decimal(0), "closed_trades": 0, "winning_trades": 0, "balances": [],
        "open_trades": [], "conversion": None,
    }  # fmt: skip
    return BotSnapshot.model_validate(values | changes)


def conversion(source: str, target: str, rate: str | Decimal, at: datetime = NOW) -> ConversionRate:
    return ConversionRate(source=source, target=target, rate=Decimal(rate), at=at)


def reading(id: str = "bot-a", told: BotSnapshot | None = None, **changes: Any) -> BotReading:
    values: dict[str, Any] = {
        "id": id, "name": id, "mode": "dry", "desired_state": "running", "observed_state": "running",
        "trader_state": "running", "stake_currency": "USDT", "starting_balance": Decimal(1000), "snapshot": told,
        "snapshot_at": NOW - timedelta(seconds=2) if told else None, "expected_since": NOW - timedelta(hours=1),
    }  # fmt: skip
    return BotReading(**(values | changes))

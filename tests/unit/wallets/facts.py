"""Order facts for tests."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pool.contract.books import OrderFact

START = datetime(2026, 11, 1, tzinfo=UTC)


def fact(order_id: str = "1", side: str = "buy", filled: str = "1", price: str = "100", **changes: Any) -> OrderFact:
    """Of trade 1 of a spot bot, entered long and exited by what sells, `minute` after the start."""
    minute = changes.pop("minute", 0)
    values: dict[str, Any] = {
        "bot_id": "bot-1", "mode": "dry", "trade_id": 1, "order_id": order_id, "pair": "BTC/USDT", "side": side,
        "purpose": "entry" if side == "buy" else "exit", "status": "closed", "filled": Decimal(filled),
        "average": Decimal(price), "cost": Decimal(filled) * Decimal(price), "fee": Decimal(0), "fee_currency": None,
        "funding": Decimal(0), "at": START + timedelta(minutes=minute),
    }  # fmt: skip
    return OrderFact.model_validate(values | changes)

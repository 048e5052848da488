"""A migrated database with users and bots whose readings a test sets, as intake would."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestrator.bots.models import BotModel, BotStatusModel
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import UserModel
from pool.contract.snapshots import BotSnapshot, ConversionRate
from tests.databases import new_sqlite
from tests.fakes.signed_in import session_of


class PortfolioWorld:
    """Made by `open_world`."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add_user(self, user_id: str = "user-1", currency: str = "USDT") -> str:
        async with self.database.unit_of_work() as session:
            session.add(
                UserModel(
                    id=user_id,
                    username=user_id,
                    password_hash="none",
                    role="trader",
                    reporting_currency=currency,
                    created_at=utc_now(),
                )
            )
            await session.flush()
            session.add(session_of(user_id))
        return user_id

    async def set_currency(self, user_id: str, currency: str) -> None:
        async with self.database.unit_of_work() as session:
            user = await session.get_one(UserModel, user_id)
            user.reporting_currency = currency

    async def add_bot(self, bot_id: str, owner_id: str = "user-1", **changes: Any) -> str:
        now = utc_now() - timedelta(minutes=10)
        values: dict[str, Any] = {
            "id": bot_id, "owner_id": owner_id, "name": bot_id, "template": "trend", "parameters": {},
            "exchange": "paper", "trading_mode": "spot", "dry_run": True, "pairs": ["BTC/USDT"], "timeframe": "1m",
            "stake_currency": "USDT", "stake_amount": Decimal(100), "max_open_trades": 3,
            "starting_balance": Decimal(1000), "desired_state": "running", "generation": 1,
            "created_at": now, "updated_at": now,
        }  # fmt: skip
        async with self.database.unit_of_work() as session:
            session.add(BotModel(**(values | changes)))
            await session.flush()
            session.add(BotStatusModel(bot_id=bot_id, observed_state="pending", conditions=[]))
        return bot_id

    async def report(
        self, bot_id: str, free: str = "1000", *, at: datetime | None = None, state: str = "running", **changes: Any
    ) -> None:
        """The bot's snapshot arrives."""
        now = at or utc_now()
        in_trades = Decimal(changes.pop("in_trades", "0"))
        rate = changes.pop("rate", None)
        stake = changes.pop("stake_currency", "USDT")
        snapshot = BotSnapshot(
            **{
                "as_of": now, "stake_currency": stake, "mode": "dry", "starting_balance": Decimal(1000),
                "free": Decimal(free), "in_trades": in_trades, "equity": Decimal(free) + in_trades,
                "realised": Decimal(0), "realised_today": Decimal(0), "unrealised": Decimal(0), "closed_trades": 0,
                "winning_trades": 0, "balances": [], "open_trades": [],
                "conversion": ConversionRate(source=stake, target="USDT", rate=Decimal(rate), at=now) if rate else None,
            }
            | changes
        )  # fmt: skip
        await self.observe(
            bot_id, snapshot=snapshot.model_dump(mode="json"), snapshot_at=now, observed_state=state, last_seen_at=now
        )

    async def observe(self, bot_id: str, **values: Any) -> None:
        async with self.database.unit_of_work() as session:
            status = await session.get_one(BotStatusModel, bot_id)
            for name, value in values.items():
                setattr(status, name, value)

    async def change_bot(self, bot_id: str, **values: Any) -> None:
        async with self.database.unit_of_work() as session:
            bot = await session.get_one(BotModel, bot_id)
            for name, value in values.items():
                setattr(bot, name, value)


async def open_world(directory: Path, url: str | None = None) -> PortfolioWorld:
    """At the URL of a migrated database, or on SQLite in a directory. The caller closes its database."""
    return PortfolioWorld(Database(url or await new_sqlite(directory / "flotilla.db")))

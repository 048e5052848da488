"""Wallets of one user, and what tests do with them, each in a transaction of its own."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from orchestrator.audit.service import By
from orchestrator.db.engine import Database
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from orchestrator.users.models import UserModel
from orchestrator.wallets import capital, repository, service
from orchestrator.wallets.books import Booking, book
from orchestrator.wallets.check import Flaw, check
from orchestrator.wallets.ledger import Place, PlaceKind
from pool.contract.books import OrderFact

BY = By("user-one")


class Desk:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.owner = "user-one"

    async def add_user(self, user_id: str = "user-one") -> None:
        self.owner = user_id
        async with self.database.unit_of_work() as session:
            session.add(UserModel(id=user_id, username=user_id, password_hash="-", role="trader", created_at=utc_now()))

    async def wallet(self, name: str = "Paper", money: str = "0", **options: Any) -> str:
        async with self.database.unit_of_work() as session:
            made = await service.create(session, self.owner, options.pop("kind", "paper"), name, **options)
            if Decimal(money):
                await service.deposit(session, made.id, "USDT", Decimal(money), by=BY)
        return made.id

    async def deposit(self, wallet_id: str, amount: str, key: str = "") -> None:
        async with self.database.unit_of_work() as session:
            await service.deposit(session, wallet_id, "USDT", Decimal(amount), key=key, by=BY)

    async def withdraw(self, wallet_id: str, amount: str, key: str = "") -> None:
        async with self.database.unit_of_work() as session:
            await service.withdraw(session, wallet_id, "USDT", Decimal(amount), key=key, by=BY)

    async def open(self, bot_id: str, amount: str, wallet_id: str | None = None, **options: Any) -> str:
        values: dict[str, Any] = {"dry_run": True, "exchange": "paper", "wallet_id": wallet_id, **options}
        async with self.database.unit_of_work() as session:
            found = await capital.open_(session, self.owner, bot_id, "USDT", Decimal(amount), **values)
        return found.id

    async def more(self, bot_id: str, amount: str, key: str = "") -> None:
        async with self.database.unit_of_work() as session:
            await capital.more(session, bot_id, Decimal(amount), key or new_id("key"))

    async def less(self, bot_id: str, amount: str, key: str = "") -> None:
        async with self.database.unit_of_work() as session:
            await capital.less(session, bot_id, Decimal(amount), key or new_id("key"))

    async def release(self, *bot_ids: str, spare: str | None = None) -> None:
        async with self.database.unit_of_work() as session:
            told = None if spare is None else Decimal(spare)
            await capital.release(session, dict.fromkeys(bot_ids, told))

    async def book(self, *facts: OrderFact, **options: Any) -> Booking:
        async with self.database.unit_of_work() as session:
            return await book(session, facts, **options)

    async def free(self, wallet_id: str, currency: str = "USDT") -> Decimal:
        async with self.database.read() as session:
            return await repository.balance(session, wallet_id, Place(PlaceKind.FREE, currency))

    async def capital(self, bot_id: str, currency: str = "USDT") -> Decimal:
        async with self.database.read() as session:
            return (await capital.capital_of(session, bot_id)).get(currency, Decimal(0))

    async def flaws(self, *wallet_ids: str) -> Sequence[Flaw]:
        async with self.database.read() as session:
            wallets = [await service.get(session, one) for one in wallet_ids]
            return await check(session, wallets or await repository.of_owners(session, None))

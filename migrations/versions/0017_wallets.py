"""wallets and their double-entry ledger

Revision ID: 0017
Revises: 0016
Create Date: 2026-11-21 19:15:00.000000
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types
from orchestrator.db.references import add_reference, drop_reference
from orchestrator.kit.ids import new_id
from orchestrator.kit.money import add, negate

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_REFUSE = "the ledger is append-only"
_KEPT = ("ledger_transactions", "ledger_postings")
_WRITTEN = ("wallets", "wallet_bots", *_KEPT, "ledger_accounts")
_LIVING = sa.text("archived_at IS NULL")
_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_MONEY = orchestrator.db.types.MoneyColumn(precision=38, scale=18)
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_BEFORE = "What it had before there were wallets."


def upgrade() -> None:
    _make_wallets()
    _make_ledger()
    add_reference(op, "bots", "wallet_id", "wallets", "fk_bots_wallet")
    op.create_index("ix_bots_wallet_id", "bots", ["wallet_id"])
    if not op.get_context().as_sql:  # as text there are no bots
        _give_bots_wallets(op.get_bind())
    _guard()


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for table in _KEPT:
            op.execute(f"DROP TRIGGER {table}_stays ON {table}")
        op.execute("DROP FUNCTION ledger_stays()")
    op.drop_index("ix_bots_wallet_id", "bots")
    drop_reference(op, "bots", "wallet_id", "fk_bots_wallet")
    for table in ("ledger_orders", "ledger_postings", "ledger_transactions", "ledger_accounts", "wallet_bots"):
        op.drop_table(table)
    op.drop_table("wallets")


def _make_wallets() -> None:
    op.create_table(
        "wallets",
        sa.Column("id", _TEXT(length=40), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=16), nullable=False),
        sa.Column("name", _TEXT(length=64), nullable=False),
        sa.Column("exchange", _TEXT(length=40), nullable=True),
        sa.Column("exchange_key_id", _TEXT(length=40), nullable=True),
        sa.Column("automatic", _TEXT(length=16), nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("archived_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_wallets_owner", "wallets", ["owner_id", "created_at", "id"])
    only_living: dict[str, Any] = {"unique": True, "sqlite_where": _LIVING, "postgresql_where": _LIVING}
    op.create_index("uq_wallets_name", "wallets", ["owner_id", "name"], **only_living)
    op.create_index("uq_wallets_automatic", "wallets", ["owner_id", "automatic"], **only_living)
    op.create_index("uq_wallets_key", "wallets", ["exchange_key_id"], **only_living)
    op.create_table(
        "wallet_bots",
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        _wallet(),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("currency", _TEXT(length=64), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("books_at", _TIME, nullable=True),
        sa.Column("released_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("bot_id"),
    )
    op.create_index("ix_wallet_bots_wallet", "wallet_bots", ["wallet_id", "bot_id"])


def _make_ledger() -> None:
    op.create_table(
        "ledger_accounts",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        _wallet(),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=16), nullable=False),
        sa.Column("currency", _TEXT(length=64), nullable=False),
        sa.Column("balance", _MONEY, nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    place = ["wallet_id", "bot_id", "kind", "currency"]
    op.create_index("uq_ledger_accounts_place", "ledger_accounts", place, unique=True)
    op.create_index("ix_ledger_accounts_bot", "ledger_accounts", ["bot_id"])
    op.create_table(
        "ledger_transactions",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        _wallet(),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        sa.Column("kind", _TEXT(length=16), nullable=False),
        sa.Column("key", _TEXT(length=400), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("booked_at", _TIME, nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("note", _TEXT(length=500), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("uq_ledger_transactions_key", "ledger_transactions", ["wallet_id", "key"], unique=True)
    op.create_index("ix_ledger_transactions_wallet", "ledger_transactions", ["wallet_id", "number"])
    op.create_index("ix_ledger_transactions_bot", "ledger_transactions", ["bot_id", "number"])
    op.create_table(
        "ledger_postings",
        sa.Column("number", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("transaction_number", _NUMBER, nullable=False),
        sa.Column("account_number", _NUMBER, nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("amount", _MONEY, nullable=False),
        sa.ForeignKeyConstraint(["transaction_number"], ["ledger_transactions.number"], ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["account_number"], ["ledger_accounts.number"], ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("ix_ledger_postings_transaction", "ledger_postings", ["transaction_number"])
    op.create_index("ix_ledger_postings_account", "ledger_postings", ["account_number", "number"])
    op.create_table(
        "ledger_orders",
        sa.Column("bot_id", _TEXT(length=40), nullable=False),
        sa.Column("pair", _TEXT(length=64), nullable=False),
        sa.Column("order_id", _TEXT(length=255), nullable=False),
        sa.Column("owner_id", _TEXT(length=40), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=False),
        sa.Column("side", _TEXT(length=8), nullable=False),
        sa.Column("purpose", _TEXT(length=8), nullable=False),
        sa.Column("filled", _MONEY, nullable=False),
        sa.Column("cost", _MONEY, nullable=False),
        sa.Column("fee", _MONEY, nullable=False),
        sa.Column("fee_currency", _TEXT(length=24), nullable=False),
        sa.Column("funding", _MONEY, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("since", _TIME, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "pair", "order_id"),
    )
    op.create_index("ix_ledger_orders_trade", "ledger_orders", ["bot_id", "trade_id"])


def _wallet() -> sa.Column[str]:
    return sa.Column("wallet_id", sa.String(40), sa.ForeignKey("wallets.id", ondelete="RESTRICT"), nullable=False)


def _guard() -> None:
    """Nobody changes what is there. Dropping a table takes its triggers along."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
        )
        for table in _KEPT:
            op.execute(
                f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()"
            )
        return
    for table in _KEPT:
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_stays_on_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
            )


def _give_bots_wallets(connection: sa.Connection) -> None:
    """Each bot that lives has its starting balance from its owner's paper wallet of that currency, which was given just
    that; what it won or lost since then comes with its books."""
    names = ("id", "owner_id", "stake_currency", "deleted_at", "wallet_id")
    bots = sa.table("bots", *(sa.column(name) for name in names), sa.column("starting_balance", _MONEY))
    living = connection.execute(sa.select(bots).where(bots.c.deleted_at.is_(None)).order_by(bots.c.id)).mappings().all()
    now = datetime.now(UTC)
    tables = {name: _table(connection, name) for name in _WRITTEN}  # looked at once, not for each row
    wallets: dict[tuple[str, str], str] = {}
    for bot in living:
        owner, currency, amount = bot["owner_id"], bot["stake_currency"], bot["starting_balance"]
        wallet = wallets.get((owner, currency))
        if wallet is None:
            wallet = wallets[owner, currency] = new_id("wallet")
            row = {"id": wallet, "owner_id": owner, "kind": "paper", "name": f"Paper {currency}", "automatic": currency}
            _insert(connection, tables["wallets"], **row, created_at=now)
        place = {"wallet_id": wallet, "owner_id": owner}
        _insert(connection, tables["wallet_bots"], bot_id=bot["id"], **place, currency=currency, opened_at=now)
        connection.execute(bots.update().where(bots.c.id == bot["id"]).values(wallet_id=wallet))
        for kind, source, target in (
            ("deposit", ("outside", ""), ("free", "")),
            ("allocate", ("free", ""), ("capital", bot["id"])),
        ):
            number = _insert(
                connection, tables["ledger_transactions"], **place, bot_id=target[1], kind=kind, key=f"{kind}:{bot['id']}:1",
                at=now, booked_at=now, automatic=True, note=_BEFORE, data={},
            )  # fmt: skip
            for (of, bot_id), moved in ((source, negate(amount)), (target, amount)):
                told = {**place, "bot_id": bot_id, "kind": of, "currency": currency}
                account = _account(connection, tables["ledger_accounts"], told, moved)
                posting = {"transaction_number": number, "account_number": account, "amount": moved}
                _insert(connection, tables["ledger_postings"], **posting, owner_id=owner)


def _account(connection: sa.Connection, table: sa.Table, place: dict[str, str], moved: Decimal) -> int:
    """The place's account, with so much more in it."""
    mine = [table.c[name] == value for name, value in place.items()]
    found = connection.execute(sa.select(table.c.number, table.c.balance).where(*mine)).first()
    if found is None:
        return _insert(connection, table, **place, balance=moved)
    balance = add((found[1], moved))
    connection.execute(table.update().where(table.c.number == found[0]).values(balance=balance))
    return int(found[0])


def _insert(connection: sa.Connection, table: sa.Table, /, **values: Any) -> int:
    """The row's number, of those that have one."""
    made = connection.execute(table.insert().values(**values)).inserted_primary_key
    return made[0] if made and isinstance(made[0], int) else 0


def _table(connection: sa.Connection, name: str) -> sa.Table:
    """As it is in the database; money is text in SQLite's."""
    money = {"ledger_accounts": ["balance"], "ledger_postings": ["amount"]}.get(name, [])
    return sa.Table(name, sa.MetaData(), *(sa.Column(one, _MONEY) for one in money), autoload_with=connection)

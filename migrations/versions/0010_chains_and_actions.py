"""the audit's chains and their heads, what rules did

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-21 12:40:00.000000
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types
from orchestrator.audit.chain import GENESIS, Head, digest
from orchestrator.audit.verify import entry_of, stored_time

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_CHUNK = 1000
_REFUSE = "the audit is append-only"
_LINK = ("tenant_id", "sequence", "prev_hash", "hash")
_WRITE_LINK = sa.text(
    "UPDATE audit SET tenant_id = :tenant_id, sequence = :sequence, prev_hash = :prev_hash, hash = :hash WHERE number = :of"
)


def upgrade() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(length=16), nullable=True),
        sa.Column("mac", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True),
        sa.PrimaryKeyConstraint("tenant_id"),
    )
    op.add_column("audit", sa.Column("tenant_id", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("audit", sa.Column("sequence", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("prev_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    op.add_column("audit", sa.Column("hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
    if not op.get_context().as_sql:  # as text there are no rows to chain: the columns below refuse unchained ones
        _chain_rows(op.get_bind())
    with op.batch_alter_table("audit") as batch:
        for name in ("tenant_id", "prev_hash", "hash"):
            batch.alter_column(name, existing_type=sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False)
        batch.alter_column("sequence", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("ix_audit_tenant", "audit", ["tenant_id", "number"])
    op.create_index("uq_audit_sequence", "audit", ["tenant_id", "sequence"], unique=True)
    _guard()
    _make_actions()


def downgrade() -> None:
    op.drop_table("actions")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_stays ON audit")
        op.execute("DROP FUNCTION audit_stays()")
    else:
        op.execute("DROP TRIGGER audit_stays_on_update")
        op.execute("DROP TRIGGER audit_stays_on_delete")
    op.drop_index("uq_audit_sequence", "audit")
    op.drop_index("ix_audit_tenant", "audit")
    with op.batch_alter_table("audit") as batch:
        for name in _LINK:
            batch.drop_column(name)
    op.drop_table("audit_heads")


def _chain_rows(connection: sa.Connection) -> None:
    """In the order of their numbers. Whose a bot is tells its row, which stays when the bot is deleted."""
    bots = sa.table("bots", sa.column("id"), sa.column("owner_id"))
    owners = {row.id: row.owner_id for row in connection.execute(sa.select(bots.c.id, bots.c.owner_id))}
    heads: dict[str, Head] = {}
    last = -1
    while rows := _rows_after(connection, last):
        links = []
        for row in rows:
            head = heads.get(tenant := _tenant_of(row["subject"], owners)) or Head(tenant, 0, GENESIS)
            link = {"tenant_id": tenant, "sequence": head.count + 1, "prev_hash": head.hash}
            entry = entry_of({**row, **link, "hash": ""})
            link["hash"] = digest(entry)
            heads[tenant] = replace(head, count=head.count + 1, hash=link["hash"])
            links.append({"of": row["number"], **link})
        connection.execute(_WRITE_LINK, links)
        last = rows[-1]["number"]
    made = sa.text("INSERT INTO audit_heads (tenant_id, count, hash) VALUES (:tenant_id, :count, :hash)")
    for head in heads.values():
        connection.execute(made, {"tenant_id": head.tenant_id, "count": head.count, "hash": head.hash})


def _rows_after(connection: sa.Connection, number: int) -> list[dict[str, Any]]:
    """As they are stored."""
    sqlite = connection.dialect.name == "sqlite"
    at = sa.column("at", None if sqlite else orchestrator.db.types.UtcDateTime())
    names = ("number", "actor", "action", "subject", "why", "before", "after")
    audit = sa.table("audit", *(sa.column(name) for name in names), at)
    as_text = {"before", "after"} | ({"at"} if sqlite else set())
    columns = [sa.cast(one, sa.Text).label(one.name) if one.name in as_text else one for one in audit.c]
    query = sa.select(*columns).where(audit.c.number > number).order_by(audit.c.number).limit(_CHUNK)
    return [{**row, "at": stored_time(row["at"])} for row in connection.execute(query).mappings()]


def _tenant_of(subject: str, owners: dict[str, str]) -> str:
    kind, _, name = subject.partition("/")
    if kind == "bot":
        return owners.get(name, "fleet")
    return name if kind == "user" and name else "fleet"


def _guard() -> None:
    """Nobody changes what is there; what is only ever added needs no more."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()"
        )
        return
    for act in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER audit_stays_on_{act} BEFORE {act.upper()} ON audit "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        )


def _make_actions() -> None:
    money = orchestrator.db.types.MoneyColumn(precision=38, scale=18)
    text = sqlmodel.sql.sqltypes.AutoString
    op.create_table(
        "actions",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bot_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", text(length=64), nullable=False),
        sa.Column("owner_id", text(length=40), nullable=False),
        sa.Column("kind", text(length=16), nullable=False),
        sa.Column("stage", text(length=16), nullable=False),
        sa.Column("rule", text(length=80), nullable=False),
        sa.Column("level", sa.BigInteger(), nullable=True),
        sa.Column("policy", text(length=120), nullable=False),
        sa.Column("trade_id", sa.BigInteger(), nullable=True),
        sa.Column("pair", text(length=64), nullable=False),
        sa.Column("is_short", sa.Boolean(), nullable=False),
        *(
            sa.Column(name, money, nullable=True)
            for name in (
                *("price_seen", "threshold", "amount", "stake", "fill_price", "slippage_ratio", "delay_seconds"),
            )
        ),
        sa.Column("client_order_id", text(length=64), nullable=True),
        sa.Column("order_id", text(length=64), nullable=True),
        sa.Column("message", text(length=500), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("at", orchestrator.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", orchestrator.db.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bot_id"], ["bots.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
    )
    op.create_index("uq_actions_identity", "actions", ["bot_id", "action_id"], unique=True)
    op.create_index("ix_actions_owner", "actions", ["owner_id", "number"])
    op.create_index("ix_actions_bot", "actions", ["bot_id", "number"])
    op.create_index("ix_actions_recent", "actions", ["bot_id", "updated_at"])
    op.create_index("ix_actions_age", "actions", ["updated_at"])

"""losses are counted for each response of limits by itself

Revision ID: 0013
Revises: 0012
Create Date: 2026-11-21 16:20:00.000000
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

import orchestrator.db.types

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXT = sqlmodel.sql.sqltypes.AutoString
_TIME = orchestrator.db.types.UtcDateTime(timezone=True)
_MONEY = orchestrator.db.types.MoneyColumn(precision=38, scale=18)
_LENGTHS = {"subject": 40, "trading": 8, "window": 16, "response": 16}
_KEPT = "subject, trading, window, currency, begun_at, base, gain, best, members, measured_at, zone"


def upgrade() -> None:
    _make("risk_spells_new", "subject", "trading", "window", "response")
    for response in ("pause", "reduce", "flatten"):
        _copy(f"{_KEPT}, response", f"{_KEPT}, '{response}'", "")
    _replace()


def downgrade() -> None:
    _make("risk_spells_new", "subject", "trading", "window")
    _copy(_KEPT, _KEPT, " WHERE response = 'pause'")
    _replace()


def _make(name: str, *keys: str) -> None:
    columns = [sa.Column(key, _TEXT(length=_LENGTHS[key]), nullable=False) for key in keys]
    op.create_table(
        name,
        *columns,
        sa.Column("currency", _TEXT(length=16), nullable=False),
        sa.Column("begun_at", _TIME, nullable=False),
        sa.Column("base", _MONEY, nullable=False),
        sa.Column("gain", _MONEY, nullable=False),
        sa.Column("best", _MONEY, nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("measured_at", _TIME, nullable=False),
        sa.Column("zone", _TEXT(length=64), nullable=False),
        sa.PrimaryKeyConstraint(*keys),
    )


def _copy(into: str, values: str, where: str) -> None:
    columns, read = into.replace("window", '"window"'), values.replace("window", '"window"')
    op.execute(f"INSERT INTO risk_spells_new ({columns}) SELECT {read} FROM risk_spells{where}")  # noqa: S608 - own names


def _replace() -> None:
    op.drop_table("risk_spells")
    op.rename_table("risk_spells_new", "risk_spells")

"""All tables, in one place, for what concerns all of them: migrations, copies, backups. A module with new tables is
imported here; otherwise a copy refuses to leave its tables out."""

from sqlalchemy import Table
from sqlmodel import SQLModel

import orchestrator.actions.models
import orchestrator.audit.models
import orchestrator.bookkeeping.models
import orchestrator.bots.models
import orchestrator.exchange_keys.models
import orchestrator.findings.models
import orchestrator.leader.installation
import orchestrator.logging_levels.models
import orchestrator.policies.models
import orchestrator.pools.models
import orchestrator.portfolio.models
import orchestrator.push.models
import orchestrator.risk.models
import orchestrator.strategies.models
import orchestrator.users.factor_models
import orchestrator.users.models
import orchestrator.wallets.models  # noqa: F401 - the tables register themselves

METADATA = SQLModel.metadata


def tables() -> list[Table]:
    """Each after those that its foreign keys refer to."""
    return METADATA.sorted_tables

"""Which installation a database belongs to: processes that share it must share their secrets, too, and pools that are
local processes must all be of one home, or a leader elsewhere would start them a second time. Likewise pools that are
containers must all be of one broker's installation on one Docker daemon."""

from dataclasses import dataclass

from loguru import logger
from sqlalchemy import Column, Integer, String
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel

from orchestrator.db.engine import Database

_ONLY = 1


class InstallationModel(SQLModel, table=True):
    """One row. Written by `claim` and `docker_problem` alone."""

    __tablename__ = "installation"

    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    id: str = Field(max_length=64)
    """`installation_id` of `secrets.json`."""
    pools_home: str | None = Field(default=None, sa_column=Column(String(64), nullable=True))
    """Identity of the home whose local processes the pools are; None where they are containers."""
    pools_path: str | None = Field(default=None, sa_column=Column(String(500), nullable=True))
    """Where that home is, for people."""
    docker_place: str | None = Field(default=None, sa_column=Column(String(200), nullable=True))
    """Where pools are containers, `broker.contract.Node.place` of the broker that made the first."""


@dataclass(frozen=True, slots=True)
class PoolsHome:
    """A home in which pools run as local processes."""

    id: str
    path: str


async def claim(database: Database, installation_id: str, pools_home: PoolsHome | None) -> InstallationModel:
    """The database's row, made ours where there is none yet; likewise its home of pools. The caller compares. Raises
    SQLAlchemyError."""
    try:
        async with database.unit_of_work() as session:
            row = await session.get(InstallationModel, _ONLY)
            if row is None:
                row = InstallationModel(number=_ONLY, id=installation_id)
            if row.id == installation_id and row.pools_home is None and pools_home is not None:
                row.pools_home, row.pools_path = pools_home.id, pools_home.path[:500]
            session.add(row)
            await session.flush()
            return row
    except IntegrityError:  # another process was quicker
        return await claim(database, installation_id, pools_home)


async def docker_problem(database: Database, accepted: str | None, place: str) -> str | None:
    """Why pools must not be run there, and what to do; None where they are. The first place is kept; another one takes
    over only where an administrator names just that (`accepted`). Raises SQLAlchemyError."""
    async with database.read() as session:
        row = await session.get(InstallationModel, _ONLY)
    if row is not None and row.docker_place != place:
        async with database.unit_of_work() as session:
            row = await session.get(InstallationModel, _ONLY, with_for_update=True)
            if row is not None and (row.docker_place is None or accepted == place):
                logger.info("the pools of this database are containers of {} from here on", place)
                row.docker_place = place
                session.add(row)
    return None if row is None or row.docker_place == place else _others_docker(row, place)


def others_secrets(row: InstallationModel, file: str) -> str:
    """Why this process may not share the database, and what to do."""
    return (
        f"The database belongs to another installation ({row.id}) than {file}: use that one's secrets.json "
        "(FLOTILLA_SECRETS_FILE), or another database. If it is lost for good, write that name into this file as its "
        "installation_id; everybody then signs in again."
    )


def others_pools(row: InstallationModel) -> str:
    """Why this process may not start local pools, and what to do."""
    return (
        f"The pools of this database are local processes of another home ({row.pools_path}): use it as FLOTILLA_HOME, "
        "or run pools as containers (FLOTILLA_ORCH_POOL_DRIVER=docker) in all processes."
    )


def _others_docker(row: InstallationModel, place: str) -> str:
    return (
        f"The pools of this database are containers of {row.docker_place} (installation@Docker daemon), this broker is "
        f"{place}: nothing is started here, or bots would run twice. Point the broker at the former daemon and "
        "installation (FLOTILLA_BROKER_DOCKER_HOST, FLOTILLA_BROKER_INSTALLATION). If this one shall take over, see to "
        f"it that no pool runs there any more, and set FLOTILLA_ORCH_ACCEPT_DOCKER={place}."
    )

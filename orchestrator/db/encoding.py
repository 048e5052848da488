"""Which text a database can hold. PostgreSQL of another encoding than UTF8 refuses names and templates that SQLite
takes, or (SQL_ASCII) stores bytes that nobody vouches for: such a database is refused before anything is written."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from orchestrator.errors import Conflict

_NEEDED = "UTF8"


async def refuse_other(connection: AsyncConnection) -> None:
    """Raises Conflict where the database cannot hold every text."""
    told = await problem(connection)
    if told is not None:
        raise Conflict(told)


async def problem(connection: AsyncConnection) -> str | None:
    """Why the database cannot hold every text, and what to do; None where it can."""
    if connection.dialect.name != "postgresql":
        return None
    query = text("SELECT current_setting('server_encoding'), current_database()")
    encoding, name = (await connection.execute(query)).one()
    if encoding == _NEEDED:
        return None
    return (
        f"The database {name} has the encoding (server_encoding) {encoding}, but Flotilla needs {_NEEDED}, which is "
        f"chosen when a database is made: CREATE DATABASE … ENCODING '{_NEEDED}' TEMPLATE template0, and use that "
        "one's URL (FLOTILLA_ORCH_DATABASE_URL). `flotilla db copy` brings there what this one may hold."
    )

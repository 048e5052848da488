"""Makes what the services of `compose.yaml` share, once, before any of them starts: passwords and directories.

Each service has a volume of its own for its secrets, so nobody sees another's; files are 0400 and belong to the user
that the service runs as. Runs as root with the capability CHOWN alone. Running it again keeps every password and puts
owners and whatever is missing right.
"""

import os
import re
import secrets
import sys
from pathlib import Path

ROOT = Path(os.environ.get("FLOTILLA_SETUP_ROOT", "/setup"))
CONTROL_PLANE_USER = 10_002
DATABASE_USER = int(os.environ.get("FLOTILLA_POSTGRES_UID", "999"))
CACHE_USER = int(os.environ.get("FLOTILLA_REDIS_UID", "999"))
"""User ids that the official images of PostgreSQL and Redis run as."""

_PASSWORD = re.compile(r"^(\S+)$", re.MULTILINE)
_PASSWORD_IN_CONFIGURATION = re.compile(r"^requirepass (\S+)$", re.MULTILINE)
_PASSWORD_IN_URL = re.compile(r"://\w*:(\S+)@")


def main() -> int:
    """Answers the exit code; says in a sentence what it made."""
    os.umask(0o077)
    database, database_url = ROOT / "postgres" / "password", ROOT / "flotilla" / "flotilla_orch_database_url"
    cache, cache_url = ROOT / "redis" / "redis.conf", ROOT / "flotilla" / "flotilla_orch_redis_url"
    known = kept(database, _PASSWORD) or kept(database_url, _PASSWORD_IN_URL)
    password = known or secrets.token_urlsafe(32)
    write(database, DATABASE_USER, password)
    write(database_url, CONTROL_PLANE_USER, f"postgresql+psycopg://flotilla:{password}@postgres:5432/flotilla")
    password = kept(cache, _PASSWORD_IN_CONFIGURATION) or kept(cache_url, _PASSWORD_IN_URL) or secrets.token_urlsafe(32)
    write(cache, CACHE_USER, redis_configuration(password))
    write(cache_url, CONTROL_PLANE_USER, f"redis://:{password}@redis:6379/0")
    give_directory(ROOT / "home", CONTROL_PLANE_USER, 0o700)
    give_directory(ROOT / "run", CONTROL_PLANE_USER, 0o770)
    print("Secrets are there already." if known else "Secrets made.")
    return 0


def kept(file: Path, pattern: re.Pattern[str]) -> str | None:
    """The password in a file that an earlier run wrote, whoever owns it now; None where there is no such file.

    PostgreSQL keeps the first password for good, so a password that was given out is never made anew. Raises OSError,
    SystemExit for a file that has none."""
    if not file.exists():
        return None
    os.chown(file, os.getuid(), -1)
    if found := pattern.search(file.read_text()):
        return found[1]
    sys.exit(f"{file} has no password in it; restore it, or remove it before the first start of its service")


def write(file: Path, owner: int, content: str) -> None:
    """Whole or not at all, whatever interrupts: 0400, for the owner alone. Raises OSError."""
    fresh = file.with_name(f".{file.name}.fresh")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(content + "\n")
        stream.flush()
        os.fsync(descriptor)
    os.chown(fresh, owner, -1)
    fresh.replace(file)


def redis_configuration(password: str) -> str:
    """Durable enough that streams survive a restart; never evicts, so that nothing is lost without a word."""
    lines = (
        f"requirepass {password}",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory 256mb",
        "maxmemory-policy noeviction",
    )
    return "\n".join(lines)


def give_directory(directory: Path, owner: int, mode: int) -> None:
    """A volume's root to the user that works in it. Raises OSError."""
    if directory.stat().st_uid != owner:
        directory.chmod(mode)
        os.chown(directory, owner, owner)


if __name__ == "__main__":
    sys.exit(main())

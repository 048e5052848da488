"""Makes what the services of `compose.yaml` share, once, before any of them starts: passwords and directories.

Each service has a volume of its own for its secrets, so nobody sees another's; files are 0400 and belong to the user
that the service runs as. Runs as root with the capability CHOWN alone. Running it again changes nothing.
"""

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(os.environ.get("FLOTILLA_SETUP_ROOT", "/setup"))
CONTROL_PLANE_USER = 10_002
DATABASE_USER = int(os.environ.get("FLOTILLA_POSTGRES_UID", "999"))
CACHE_USER = int(os.environ.get("FLOTILLA_REDIS_UID", "999"))
"""User ids that the official images of PostgreSQL and Redis run as."""


def main() -> int:
    """Answers the exit code; says in a sentence what it made."""
    os.umask(0o022)
    database, cache = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    made = make_together(
        {
            ROOT / "postgres" / "password": (DATABASE_USER, database),
            ROOT / "flotilla" / "flotilla_orch_database_url": (
                CONTROL_PLANE_USER,
                f"postgresql+psycopg://flotilla:{database}@postgres:5432/flotilla",
            ),
        }
    )
    made |= make_together(
        {
            ROOT / "redis" / "redis.conf": (CACHE_USER, redis_configuration(cache)),
            ROOT / "flotilla" / "flotilla_orch_redis_url": (CONTROL_PLANE_USER, f"redis://:{cache}@redis:6379/0"),
        }
    )
    give_directory(ROOT / "home", CONTROL_PLANE_USER, 0o700)
    give_directory(ROOT / "run", CONTROL_PLANE_USER, 0o770)
    print("Secrets made." if made else "Secrets are there already.")
    return 0


def make_together(files: Mapping[Path, tuple[int, str]]) -> bool:
    """Writes files that belong together, by path the owner and the content; all of them anew unless all are there with
    their owner, so that an interrupted run leaves no pair that does not match. True where it wrote. Raises OSError."""
    if all(file.exists() and file.stat().st_uid == owner for file, (owner, _) in files.items()):
        return False
    for file, (_, content) in files.items():
        file.unlink(missing_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o400)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(content + "\n")
    for file, (owner, _) in files.items():
        os.chown(file, owner, owner)
    return True


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

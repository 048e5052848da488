"""Starts PostgreSQL or Redis as their official images do: as root reads the password's file, then gives root away."""

import os
import subprocess
import sys
from pathlib import Path

_USER = 999
_DATA = Path("/var/lib/postgresql/data/store")


def become_user() -> None:
    os.setgroups([])
    os.setgid(_USER)
    os.setuid(_USER)


def postgres() -> None:
    password = Path(os.environ["POSTGRES_PASSWORD_FILE"])
    fresh = not (_DATA / "PG_VERSION").exists()
    handed = Path("/tmp/password")  # the official entry point hands it over as an argument of initdb's pwfile, too
    if fresh:
        descriptor = os.open(handed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, password.read_bytes())
        os.fchown(descriptor, _USER, _USER)
        os.close(descriptor)
    become_user()
    if fresh:
        user, database = os.environ["POSTGRES_USER"], os.environ["POSTGRES_DB"]
        initdb = ["initdb", "-D", str(_DATA), "-U", user, "--pwfile", str(handed), "-A", "scram-sha-256", "-E", "UTF8"]
        subprocess.run(initdb, check=True)
        handed.unlink()
        with (_DATA / "pg_hba.conf").open("a") as rules:
            rules.write("host all all all scram-sha-256\n")
        single = ["postgres", "--single", "-D", str(_DATA), "postgres"]
        subprocess.run(single, input=f'CREATE DATABASE "{database}";\n', text=True, check=True)
    os.execvp("postgres", ["postgres", "-D", str(_DATA), "-c", "listen_addresses=*"])


def redis(arguments: list[str]) -> None:
    become_user()
    os.execvp("redis-server", [*arguments, "--dir", "/data", "--bind", "*"])


if __name__ == "__main__":
    os.umask(0o077)
    if sys.argv[1] == "postgres":
        postgres()
    else:
        redis(sys.argv[1:])

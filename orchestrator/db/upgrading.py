"""`python -m orchestrator.db.upgrading`: brings the database whose URL it reads from its input to the newest version.

It tells `orchestrator.db.schema` what came of it, or what it raised and where, pickled.
"""

import asyncio
import os
import pickle
import sys
import traceback

from orchestrator.db.schema import Migrated
from orchestrator.kit.undumpable import guard_memory


def main() -> None:
    guard_memory()  # before there is a password in it
    from orchestrator.db import migrate

    answer = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no part of the answer
    url = sys.stdin.read()
    outcome: Migrated | Exception
    where = ""
    try:
        outcome = asyncio.run(migrate.upgrade(url))
    except Exception as error:  # boundary of the process: who started it raises it
        outcome, where = error, traceback.format_exc()
    with os.fdopen(answer, "wb") as stream:
        stream.write(_packed(outcome, where))


def _packed(outcome: Migrated | Exception, where: str) -> bytes:
    try:
        packed = pickle.dumps((outcome, where))
        pickle.loads(packed)  # noqa: S301 - what cannot be read is known here, not there
    except Exception:  # whatever keeps an error from being packed
        return pickle.dumps((RuntimeError(f"{type(outcome).__name__}: {outcome}"), where))
    return packed


if __name__ == "__main__":
    main()

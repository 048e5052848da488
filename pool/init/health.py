"""`python -m pool.init.health --directory DIR`: does the agent of the pool in DIR answer? The image's health check.

Exit codes: 0 where it does, 1 where it does not (told in one sentence on standard error). Needs no token and no shell.
"""

import argparse
import http.client
import json
import sys
from pathlib import Path

_TIMEOUT_SECONDS = 4
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  where it listens everywhere, it listens here


def main(arguments: list[str] | None = None) -> int:
    """Asks once; answers the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pool.init.health", description="Ask a pool's agent for its health."
    )
    parser.add_argument("--directory", type=Path, required=True, help="directory of the pool; holds endpoint.json")
    directory: Path = parser.parse_args(arguments).directory
    try:
        status = ask(*address(json.loads((directory / "endpoint.json").read_text())))
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as problem:
        print(f"The agent does not answer: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    if status != http.client.OK:
        print(f"The agent answers with status {status}.", file=sys.stderr)
        return 1
    return 0


def address(endpoint: dict[str, object]) -> tuple[str, int]:
    """Host and port to ask at, of what `endpoint.json` says. Raises KeyError or ValueError where it says nothing."""
    host = str(endpoint["host"])
    return _LOOPBACK.get(host, host), int(str(endpoint["port"]))


def ask(host: str, port: int) -> int:
    """HTTP status of the agent's health. Raises OSError or http.client.HTTPException where nobody answers."""
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/v1/health")
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())

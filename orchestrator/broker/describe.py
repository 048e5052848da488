"""From Docker's words to ours. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

ALIVE = frozenset({"running", "paused", "restarting"})
"""States in which a container's processes are there, or will be again without anybody's doing."""


def state(details: Mapping[str, Any]) -> str:
    return str(details["State"].get("Status", "dead"))


def is_alive(details: Mapping[str, Any]) -> bool:
    return state(details) in ALIVE


def name(details: Mapping[str, Any]) -> str:
    return str(details["Name"]).lstrip("/")


def labels(details: Mapping[str, Any]) -> dict[str, str]:
    return dict(details["Config"].get("Labels") or {})


def mounts_volume(details: Mapping[str, Any], volume: str) -> bool:
    return any(mount.get("Type") == "volume" and mount.get("Name") == volume for mount in details.get("Mounts") or [])


def networks(details: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(details["NetworkSettings"].get("Networks") or {})


def address(details: Mapping[str, Any], network: str) -> str | None:
    """IP address in that network."""
    return networks(details).get(network, {}).get("IPAddress") or None


def restart_policy(details: Mapping[str, Any]) -> str:
    return str((details["HostConfig"].get("RestartPolicy") or {}).get("Name"))


def started_at(details: Mapping[str, Any]) -> datetime | None:
    """Docker writes nanoseconds, and year 1 for never."""
    told = str(details["State"].get("StartedAt") or "")
    try:
        at = datetime.fromisoformat(told[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    return at if at.year > 1 else None


def health(details: Mapping[str, Any]) -> str | None:
    told = details["State"].get("Health")
    return None if told is None else str(told.get("Status"))


def memory_bytes(stats: Mapping[str, Any]) -> int | None:
    """What it uses without the page cache that the kernel would give back at once, as `docker stats` counts."""
    memory = stats.get("memory_stats") or {}
    if "usage" not in memory:
        return None
    told = memory.get("stats") or {}
    return int(memory["usage"]) - int(told.get("total_inactive_file", told.get("inactive_file", 0)))


def cpu_seconds(stats: Mapping[str, Any]) -> float | None:
    usage = ((stats.get("cpu_stats") or {}).get("cpu_usage") or {}).get("total_usage")
    return None if usage is None else int(usage) / 1e9


def problem(details: Mapping[str, Any], last_words: str) -> str | None:
    """Why it ended by itself, in a sentence; None where it lives, never ran, or was stopped in good order."""
    told = details["State"]
    if state(details) not in ("exited", "dead", "restarting"):
        return None
    if told.get("OOMKilled"):
        return "It used more memory than its limit and was killed: give it more memory or fewer bots."
    if told.get("Error"):
        return f"Docker could not run it: {' '.join(str(told['Error']).split())[:300]}"
    code = int(told.get("ExitCode") or 0)
    if code in (0, 143):
        return None
    return f"It ended with status {code}: {last_words or 'it said nothing'}"

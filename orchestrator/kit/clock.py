"""The wall clock, in one place so that tests can travel."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now, timezone-aware."""
    return datetime.now(UTC)

"""Wire models between the control plane and a pool, and between a pool's own processes.

Pure: pydantic models, enumerations and error codes; no I/O, no clock, no FreqTrade. This package and `pool.rules` are
all that the control plane may import of `pool`.

Conventions: money and ratios are `Decimal` and travel as JSON strings; times are timezone-aware UTC `datetime` and
travel as ISO 8601; units stand in field names (`pss_bytes`, `uptime_seconds`).
"""

PROTOCOL_VERSION = 1
"""Version of everything in this package. An agent of another version is refused, not guessed at."""

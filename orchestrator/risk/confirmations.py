"""The second confirmation that a release needs: a code that names what it confirms, and holds for a minute.

`<expiry>-<mac>`: seconds since 1970 in hexadecimal, and the first 16 digits of HMAC-SHA-256 over the target, the halts
in force, the one who asked, and the expiry. Nothing is kept, so any process of an installation can check it; what was
halted in between makes it void.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from orchestrator.risk.halts import Target
from orchestrator.risk.models import HaltModel

VALID = timedelta(seconds=60)
_DIGITS = 16


def code_of(key: str, actor: str, target: Target, halts: Sequence[HaltModel], expires_at: datetime) -> str:
    """What confirms the release of these halts by this user until then."""
    stamp = f"{int(expires_at.timestamp()):x}"
    parts = ["release", target.scope, target.subject, actor, stamp, *sorted(halt.id for halt in halts)]
    mac = hmac.new(key.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()
    return f"{stamp}-{mac[:_DIGITS]}"


def confirms(key: str, actor: str, target: Target, halts: Sequence[HaltModel], code: str, now: datetime) -> bool:
    """Whether the code is for just this, and in time."""
    try:
        expires_at = datetime.fromtimestamp(int(code.partition("-")[0], 16), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    expected = code_of(key, actor, target, halts, expires_at)
    return now <= expires_at <= now + VALID and hmac.compare_digest(code.encode(), expected.encode())

"""Leases: who may act, until when, under which epoch. Pure rules; `pools.leases` keeps the rows.

A holder renews well before the end. Whoever finds a lease free or expired takes it under the next epoch. A holder's
name is stable across its own restarts (the home's lock sees to it that only one lives), so a restarted control plane
need not wait for its former self's lease to run out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Lease:
    """A lease as it stands. `epoch` counts up with every new holding of it."""

    name: str
    holder: str
    epoch: int
    expires_at: datetime

    def held_by(self, holder: str, epoch: int, now: datetime) -> bool:
        return self.holder == holder and self.epoch == epoch and now < self.expires_at


def take(current: Lease | None, name: str, holder: str, now: datetime, seconds: float) -> Lease | None:
    """The lease for a holder that starts to act; None where another one holds it."""
    if current is not None and current.holder != holder and now < current.expires_at:
        return None
    return Lease(name, holder, (current.epoch if current else 0) + 1, now + timedelta(seconds=seconds))


def renew(current: Lease | None, held: Lease, now: datetime, seconds: float) -> Lease | None:
    """The same holding for longer; None where it was lost to another epoch meanwhile."""
    if current is None or (current.holder, current.epoch) != (held.holder, held.epoch):
        return None
    return Lease(held.name, held.holder, held.epoch, now + timedelta(seconds=seconds))

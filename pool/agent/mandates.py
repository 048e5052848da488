"""What each bot may do, out of what the control plane ordered and of flag files. Pure.

A lease ends at `clock + lease_seconds`, where `clock` is what the agent itself told last: an order that was on its way
for long leases for less, never for longer. A clock that has not come yet is another machine's, or this one's before it
was started anew, and leases nothing.
"""

from dataclasses import dataclass

from pool.contract.frames import MandateFrame
from pool.contract.risk import Flag, Mode, RiskOrder, most_bound


@dataclass(frozen=True, slots=True)
class Permit:
    """The last order for a bot. `lease_until` and `looked` (`RiskOrders.looked`) are times of CLOCK_BOOTTIME."""

    order: RiskOrder
    lease_until: float
    looked: float | None = None

    @property
    def rank(self) -> tuple[int, int]:
        return self.order.epoch, self.order.number


def taken(
    known: Permit | None, order: RiskOrder, epoch: int, clock: float | None, now: float, looked: float | None = None
) -> Permit | None:
    """The permit after an order; None for a stale one: below the slot's `epoch`, or one that a later one overtook."""
    until = clock + order.lease_seconds if clock is not None and clock <= now else 0.0
    looked = looked if looked is not None and looked <= now else None
    if known is None:
        return Permit(order, until, looked) if order.epoch >= epoch else None
    rank = (order.epoch, order.number)
    if order.epoch < epoch or rank < known.rank:
        return None
    return Permit(order, max(until, known.lease_until) if rank == known.rank else until, looked)


def mandate(permit: Permit | None, flag: Flag | None) -> MandateFrame | None:
    """What the bot is told; None where nobody said anything."""
    if permit is None and flag is None:
        return None
    halted = MandateFrame(
        number=0, mode=Mode.HALTED, lease_until=0.0, flatten=flag is not None and flag.flatten, why=_why(flag)
    )
    if permit is None:
        return halted
    order = permit.order
    frame = MandateFrame(
        number=order.number,
        mode=order.mode,
        lease_until=permit.lease_until,
        flatten=order.flatten,
        reduce_fraction=order.reduce_fraction,
        reduces=order.reduces,
        why=order.why,
    )
    if flag is None or (order.mode is Mode.HALTED and (order.flatten or not flag.flatten)):
        return frame
    mode = most_bound(order.mode, Mode.HALTED)
    return frame.model_copy(update={"mode": mode, "flatten": halted.flatten or order.flatten, "why": halted.why})


def _why(flag: Flag | None) -> str:
    return f"Halted by the flag file: {flag.why}" if flag is not None and flag.why else "Halted by the flag file."

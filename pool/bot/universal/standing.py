"""What a bot may do now, and by which rules: written by the reporting thread, read by the trading thread.

A bot that is not governed may do everything. A governed one opens risk only under a lease that has not lapsed by
CLOCK_BOOTTIME (which goes on while the machine sleeps), in mode ACTIVE, and while no flag file says otherwise.
"""

import threading
import time
from pathlib import Path

from pydantic import ValidationError

from pool.bot.control import Wake
from pool.contract.frames import MandateFrame
from pool.contract.policy import PolicyInForce
from pool.contract.risk import HALT_FLAG, Flag, Mode, most_bound


def boot_clock() -> float:
    """Seconds of CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Standing:
    """Thread-safe. `changed` is set whenever something arrives."""

    def __init__(self, flag_file: Path, *, governed: bool = False) -> None:
        self.changed = Wake()
        self.governed = governed
        self._flag_file = flag_file
        self._lock = threading.Lock()
        self._mandate: MandateFrame | None = None
        self._policy: PolicyInForce | None = None

    @property
    def policy(self) -> PolicyInForce | None:
        return self._policy

    @property
    def mandate(self) -> MandateFrame | None:
        return self._mandate

    def take_policy(self, policy: PolicyInForce | None) -> None:
        with self._lock:
            self._policy = policy
        self.changed.set()

    def take_mandate(self, mandate: MandateFrame) -> None:
        """The agent's word replaces the former one; of the same number the longer lease counts. One that came of no
        order (number 0: an agent that just began, and a flag file) binds more, whatever was ordered before."""
        with self._lock:
            before = self._mandate
            if before is not None and mandate.number == 0:
                mode, flatten = most_bound(before.mode, mandate.mode), before.flatten or mandate.flatten
                self._mandate = before.model_copy(update={"mode": mode, "flatten": flatten, "why": mandate.why})
            elif before is None or mandate.number > before.number:
                self._mandate = mandate
            elif mandate.number == before.number:
                until = max(mandate.lease_until, before.lease_until)
                self._mandate = mandate.model_copy(update={"lease_until": until})
        self.changed.set()

    def mode(self) -> Mode:
        """The most bound of what was ordered, of the lease, and of the flag file."""
        ordered = Mode.ACTIVE
        if self.governed:
            mandate = self._mandate
            leased = mandate is not None and boot_clock() < mandate.lease_until
            ordered = most_bound(mandate.mode if mandate else Mode.REDUCING, Mode.ACTIVE if leased else Mode.REDUCING)
        return most_bound(ordered, Mode.HALTED if self.flag() is not None else Mode.ACTIVE)

    def why(self) -> str:
        """Why the mode is what it is, in a sentence; empty when ACTIVE."""
        flag, mandate = self.flag(), self._mandate
        if self.governed and mandate is not None and mandate.mode is Mode.HALTED and mandate.why:
            return mandate.why  # the agent says there if it is for a flag
        if flag is not None:
            return f"Halted by the flag file: {flag.why}" if flag.why else "Halted by the flag file."
        if not self.governed:
            return ""
        if mandate is None:
            return "The control plane gave no lease yet."
        if boot_clock() >= mandate.lease_until and mandate.mode is Mode.ACTIVE:
            return "The lease has lapsed: the control plane is not heard."
        return mandate.why if mandate.mode is not Mode.ACTIVE else ""

    def flattens(self) -> bool:
        """Everything is to be closed, by order or by flag file."""
        flag, mandate = self.flag(), self._mandate
        return bool((flag is not None and flag.flatten) or (self.governed and mandate is not None and mandate.flatten))

    def flag(self) -> Flag | None:
        """Read anew each time: it must work with everything else dead."""
        try:
            return Flag.model_validate_json(self._flag_file.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError):
            return Flag(why="the flag file cannot be read")


__all__ = ["HALT_FLAG", "Standing", "boot_clock"]

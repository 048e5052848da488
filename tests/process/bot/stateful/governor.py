"""The control plane, as far as leases go: renews one twice a second, unless it is to be silent."""

import threading
from contextlib import suppress
from decimal import Decimal

from pool.bot.universal.standing import boot_clock
from pool.contract.frames import MandateFrame
from pool.contract.risk import Mode
from tests.fakes.recording_agent import RecordingAgent

LEASE_SECONDS = 4.0
_RENEW_SECONDS = 0.5


class Governor(threading.Thread):
    """Through `agent`, whoever is connected to it."""

    def __init__(self, agent: RecordingAgent) -> None:
        super().__init__(name="governor", daemon=True)
        self.silent = False
        self.lease_until = 0.0
        """Of the last lease that was sent, by CLOCK_BOOTTIME."""
        self._agent = agent
        self._number = 1
        self._mode, self._reduce = Mode.ACTIVE, None
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def order(self, mode: Mode, reduce_fraction: Decimal | None = None) -> int:
        """From now on; its number."""
        with self._lock:
            self._number += 1
            self._mode, self._reduce = mode, reduce_fraction
            self._send()
            return self._number

    def run(self) -> None:
        while not self._ended.wait(_RENEW_SECONDS):
            with self._lock:
                self._send()

    def be_silent(self) -> None:
        """No lease is sent once this returns, until `silent` is False again."""
        with self._lock:
            self.silent = True

    def end(self) -> None:
        self._ended.set()
        self.join(5)

    def _send(self) -> None:
        if self.silent or not self._agent.connected:
            return
        until = boot_clock() + LEASE_SECONDS
        with suppress(OSError, AssertionError):  # the bot went meanwhile
            self._agent.send(
                MandateFrame(
                    number=self._number,
                    mode=self._mode,
                    lease_until=until,
                    reduce_fraction=self._reduce,
                    why="as the machine wants",
                )
            )
            self.lease_until = until

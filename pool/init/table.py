"""The table of runs: what init knows of every fork, as a pure class that takes frames and answers frames.

A run is requested by the agent, waits while no zygote is ready, is sent to the zygote, is forked, exits, and is
forgotten once the agent has recorded its exit. A bot may be reaped before the zygote's `Forked` has been read (it dies
at once, or the zygote is slow): such exits of unknown processes are kept while forks are on their way, and claimed by
`Forked`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import SecretStr

from pool.contract.frames import Exited, Fork, Forked, ForkFailed, Run
from pool.contract.model import Instant

_UNCLAIMED_LIMIT = 256


@dataclass
class _Row:
    fork: Fork
    sent: bool = False
    pid: int | None = None
    status: int | None = None
    exited_at: Instant | None = None


class RunTable:
    """All runs that init knows, by run id."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._by_pid: dict[int, str] = {}
        """Living processes only."""
        self._unclaimed: dict[int, tuple[int, Instant]] = {}

    def request(self, fork: Fork) -> ForkFailed | None:
        """A fork that the agent asks for. Refused where the run id has been used."""
        if fork.run_id in self._rows:
            return ForkFailed(run_id=fork.run_id, message="a run of this id was asked for before")
        self._rows[fork.run_id] = _Row(fork)
        return None

    def take_waiting(self) -> list[Fork]:
        """Forks that no zygote has been told of, in order; from now on they count as sent."""
        waiting = [row for row in self._rows.values() if not row.sent]
        for row in waiting:
            row.sent = True
        return [row.fork for row in waiting]

    def forked(self, frame: Forked) -> Exited | None:
        """The zygote forked. Answers the exit where the bot has been reaped already."""
        row = self._rows.get(frame.run_id)
        if row is None:
            return None
        row.pid = frame.pid
        early = self._unclaimed.pop(frame.pid, None)
        if early is None:
            self._by_pid[frame.pid] = frame.run_id
            return None
        return self._record_exit(frame.run_id, row, *early)

    def fork_failed(self, frame: ForkFailed) -> None:
        """The zygote could not fork: the run never was."""
        self._rows.pop(frame.run_id, None)

    def zygote_died(self) -> list[ForkFailed]:
        """Fails all forks that the dead zygote was told of; those still waiting go to the next zygote."""
        lost = [run_id for run_id, row in self._rows.items() if row.sent and row.pid is None]
        for run_id in lost:
            del self._rows[run_id]
        self._unclaimed.clear()
        return [ForkFailed(run_id=run_id, message="the zygote died during the fork") for run_id in lost]

    def reaped(self, pid: int, status: int, at: Instant) -> Exited | None:
        """A child was reaped; answers the exit where it was a known bot."""
        run_id = self._by_pid.pop(pid, None)
        if run_id is not None:
            return self._record_exit(run_id, self._rows[run_id], status, at)
        if self.forks_in_flight:
            self._unclaimed[pid] = (status, at)
            while len(self._unclaimed) > _UNCLAIMED_LIMIT:
                self._unclaimed.pop(next(iter(self._unclaimed)))
        return None

    def forget(self, run_id: str) -> ForkFailed | None:
        """Drops a dead run, or withdraws one that still waits; leaves any other alone."""
        row = self._rows.get(run_id)
        if row is None:
            return None
        if not row.sent:
            del self._rows[run_id]
            return ForkFailed(run_id=run_id, message="withdrawn before it was forked")
        if row.status is not None:
            del self._rows[run_id]
        return None

    def living_pid(self, run_id: str) -> int | None:
        """Process of a run that has been forked and not been reaped: safe to signal."""
        row = self._rows.get(run_id)
        return row.pid if row is not None and row.status is None else None

    @property
    def living_pids(self) -> list[int]:
        """Processes of all living bots."""
        return list(self._by_pid)

    @property
    def forks_in_flight(self) -> int:
        """Forks that the zygote has been told of and has not answered."""
        return sum(1 for row in self._rows.values() if row.sent and row.pid is None)

    def strays(self, children: Iterable[int]) -> list[int]:
        """Those of init's children that belong to no run: what a dying zygote or bot left behind. None while forks are
        on their way, since a bot may be born before it is told."""
        if self.forks_in_flight:
            return []
        return [pid for pid in children if pid not in self._by_pid]

    def runs(self) -> list[Run]:
        """All rows, for a new agent."""
        return [
            Run(
                bot_id=row.fork.bot_id,
                run_id=row.fork.run_id,
                epoch=row.fork.epoch,
                nonce=SecretStr(row.fork.nonce.get_secret_value()),
                pid=row.pid,
                status=row.status,
                exited_at=row.exited_at,
            )
            for row in self._rows.values()
        ]

    @staticmethod
    def _record_exit(run_id: str, row: _Row, status: int, at: Instant) -> Exited:
        row.status, row.exited_at = status, at
        return Exited(run_id=run_id, pid=row.pid or 0, status=status, at=at)

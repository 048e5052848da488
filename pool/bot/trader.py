"""FreqTrade's Worker with four differences: its waits end when something is asked, its configuration gets the
exchange's key in memory, a temporary error is waited for in the same interruptible way, and its loop can end.

Progress is counted at each loop, each slice of a wait and each request to the exchange; what makes none of these for
longer than `Vitals.patience_seconds` hangs.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from freqtrade.configuration import Configuration
from freqtrade.constants import RETRY_TIMEOUT
from freqtrade.enums import State
from freqtrade.exceptions import TemporaryError
from freqtrade.worker import Worker

from pool.bot.boot import Evidence, SecretsMissing
from pool.bot.control import Control
from pool.bot.desk import Desk
from pool.bot.vitals import PATIENCE_BUILDING_SECONDS, PATIENCE_STARTUP_SECONDS, Vitals
from pool.contract.slots import ExchangeCredentials

logger = logging.getLogger(__name__)

_SLICE_SECONDS = 1.0
_FLATTEN_WAIT_SECONDS = 2.0


class Trader(Worker):  # type: ignore[misc]  # FreqTrade is not typed here
    """Built like FreqTrade's Worker; raises what that raises, StopRequested, and SecretsMissing."""

    def __init__(
        self,
        args: dict[str, Any],
        *,
        control: Control,
        vitals: Vitals,
        desk: Desk,
        evidence: Evidence,
        credentials: Callable[[], ExchangeCredentials | None],
    ) -> None:
        self._control = control
        self._vitals = vitals
        self._desk = desk
        self._evidence = evidence
        self._credentials = credentials
        self._loop_state: State | None = None
        super().__init__(args)

    def run(self) -> None:
        """Loop until told to stop."""
        state = None
        while not self._control.stopping:
            self._vitals.step()
            self._serve_commands()
            state = self._worker(state)
            self._vitals.looped()
            if state is State.RELOAD_CONFIG and not self._control.stopping:
                self._reconfigure()

    def _init(self, reconfig: bool) -> None:
        self._vitals.be_patient(PATIENCE_BUILDING_SECONDS)
        self._control.building = True
        self._config = self._load_config()
        super()._init(False)
        self._control.building = False
        self._vitals.begin(PATIENCE_STARTUP_SECONDS)
        self.freqtrade.process = partial(self._process, self.freqtrade.process)
        self._count_requests()
        self._desk.attach(self.freqtrade)
        self._desk.report()

    def _load_config(self) -> dict[str, Any]:
        config: dict[str, Any] = Configuration(self._args, None).get_config()
        self._evidence.watch()  # loading the configuration set the log handlers anew
        config["initial_state"] = "paused" if self._vitals.paused_by_flotilla else "running"
        if not config["dry_run"]:
            credentials = self._credentials()
            if credentials is None:
                raise SecretsMissing("The exchange key must be given again before this bot can trade.")
            config["exchange"]["key"] = credentials.key.get_secret_value()
            config["exchange"]["secret"] = credentials.secret.get_secret_value()
            if credentials.password is not None:
                config["exchange"]["password"] = credentials.password.get_secret_value()
        return config

    def _worker(self, old_state: State | None) -> State:
        self._loop_state = self.freqtrade.state
        return super()._worker(old_state)

    def _process(self, process: Callable[[], None]) -> None:
        """FreqTrade's Worker would sleep deaf for RETRY_TIMEOUT."""
        try:
            process()
        except TemporaryError as error:
            logger.warning("%s; trying again in %s s", error, RETRY_TIMEOUT)
            self._sleep(RETRY_TIMEOUT)

    def _sleep(self, sleep_duration: float) -> None:
        """Wait for so long at most, serving commands and reporting; ends at once on a stop or a changed state."""
        deadline = time.monotonic() + sleep_duration
        self._desk.after_loop()
        while not self._control.stopping:
            self._vitals.step()
            self._serve_commands()
            self._desk.report()
            if self._desk.flattening:
                deadline = min(deadline, time.monotonic() + _FLATTEN_WAIT_SECONDS)
            remaining = deadline - time.monotonic()
            if remaining <= 0 or self.freqtrade.state is not self._loop_state:
                return
            self._control.wait(min(remaining, _SLICE_SECONDS))

    def _serve_commands(self) -> None:
        while self._control.commands and not self._control.stopping:
            self._desk.serve(self._control.commands.popleft())

    def _count_requests(self) -> None:
        """Each request that ccxt makes for the bot is a point of progress."""
        for client in (self.freqtrade.exchange._api, self.freqtrade.exchange._api_async):
            client.fetch = partial(self._counted, type(client).fetch.__get__(client))

    def _counted(self, fetch: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self._vitals.step()
        return fetch(*arguments, **named)

"""FreqTrade's Worker with differences: its waits end when something is asked, its configuration gets the exchange's key
in memory, its loop can end, and open trades are managed whatever fails: a loop that fails is waited out with exit
passes, and where FreqTrade cannot be built anew it is built from the last slot that worked.

A wait serves commands, keeps the mode in force, and looks at the exits of trades whose watched price was crossed.

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

from pool.bot.boot import Evidence, SecretsMissing, classify
from pool.bot.control import Control
from pool.bot.desk import Desk
from pool.bot.market.kinds import due_at_close
from pool.bot.pace import keep_pace
from pool.bot.universal.orders import Orders
from pool.bot.universal.share import keep_to_share
from pool.bot.vitals import PATIENCE_BUILDING_SECONDS, PATIENCE_STARTUP_SECONDS, Vitals
from pool.bot.waking.sleeper import Sleeper
from pool.contract.slots import ExchangeCredentials

logger = logging.getLogger(__name__)

_SLICE_SECONDS = 1.0
_FLATTEN_WAIT_SECONDS = 2.0
_EXIT_PASS_SECONDS = 5.0
_MOST_WAIT_SECONDS = 60.0
_CANDLE_SECONDS = 1.0
"""FreqTrade waits so much longer where a candle is just about to close."""
_STARTUP_AGAIN_SECONDS = 30.0


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
        orders: Orders | None = None,
        sleeper: Sleeper | None = None,
    ) -> None:
        self._control = control
        self._vitals = vitals
        self._desk = desk
        self._evidence = evidence
        self._credentials = credentials
        self._orders = orders
        self._sleeper = sleeper
        self._looped_well = False
        self._loop_state: State | None = None
        self._failures = 0
        self._start_again_at: float | None = None
        super().__init__(args)

    def run(self) -> None:
        """Loop until told to stop."""
        state: State | None = None
        while not self._control.stopping:
            self._vitals.step()
            try:
                self._serve_commands()
                state = self._worker(state)
            except (Exception, SystemExit) as error:  # as `_process`, of what FreqTrade does around its loops
                self._outlast(error)
            self._vitals.looped()
            if state is State.RELOAD_CONFIG and not self._control.stopping:
                self._reconfigure()

    def _init(self, reconfig: bool) -> None:
        try:
            self._build()
        except (Exception, SystemExit) as error:  # whatever failed is classified; raised where nothing takes its place
            if not self._desk.fall_back(classify(error, self._evidence)):
                raise
            self._build()
        else:
            self._desk.stands()

    def _build(self) -> None:
        if self._sleeper is not None:
            self._sleeper.rests()
        self._vitals.be_patient(PATIENCE_BUILDING_SECONDS)
        self._control.begin_building()
        self._config = self._load_config()
        super()._init(False)
        keep_to_share(self.freqtrade)
        if self._orders is not None:
            self._orders.attach(self.freqtrade)
        self._control.building = False
        self._vitals.begin(PATIENCE_STARTUP_SECONDS)
        self.freqtrade.startup = partial(self._start_up, self.freqtrade.startup)
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

    def _start_up(self, startup: Callable[[], None]) -> None:
        """With open trades FreqTrade runs even where this fails, and it is tried again."""
        begun = self._desk.start_up(startup)
        self._start_again_at = None if begun else time.monotonic() + _STARTUP_AGAIN_SECONDS

    def _process(self, process: Callable[[], None]) -> None:
        """FreqTrade's Worker would sleep deaf for RETRY_TIMEOUT after a temporary error, stop after an operational one,
        and end after any other."""
        self._desk.keep()
        self._looped_well, late = False, False
        if self._sleeper is not None:
            self._sleeper.looping()
            late = self._sleeper.due_at_close
        try:
            if self._start_again_at is not None and time.monotonic() >= self._start_again_at:
                self.freqtrade.startup()
            self._desk.begin_loop()
            with due_at_close(late):
                process()
        except TemporaryError as error:
            logger.warning("%s; trying again in %s s", error, RETRY_TIMEOUT)
            self._wait_out(RETRY_TIMEOUT)
        except (Exception, SystemExit) as error:  # whatever failed, open trades are managed on, else it is raised again
            self._outlast(error)
        else:
            self._failures = 0
            self._looped_well = self._start_again_at is None
        if self._sleeper is not None:
            self._sleeper.looped()

    def _outlast(self, error: BaseException) -> None:
        """Wait until the next try, longer each time; raises `error` where nothing wants one."""
        if not self._desk.survives(error):
            raise error
        self._failures += 1
        self._wait_out(min(_EXIT_PASS_SECONDS * 2 ** (self._failures - 1), _MOST_WAIT_SECONDS))

    def _wait_out(self, seconds: float) -> None:
        """Wait with exit passes in between."""
        if self._sleeper is not None:
            self._sleeper.rests()
        deadline = time.monotonic() + seconds
        while not self._control.stopping and self.freqtrade.state is self._loop_state:
            self._desk.look()
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return
            self._sleep(min(remaining, _EXIT_PASS_SECONDS))

    def _throttle(self, func: Callable[..., Any], throttle_secs: float, *more: Any, **named: Any) -> Any:
        """A loop and FreqTrade's own wait; then on, as long as nothing comes up that a loop would act on."""
        result = super()._throttle(func, throttle_secs, *more, **named)
        if self._sleeper is not None:
            self._sleep_on(self._sleeper)
        return result

    def _sleep_on(self, sleeper: Sleeper) -> None:
        self._assess(sleeper)
        while not (self._control.stopping or sleeper.due() or self.freqtrade.state is not self._loop_state):
            self._control.wait(sleeper.slice_seconds())
            self._serve()
            if self._orders is not None and self._orders.look_again():
                return
            if sleeper.stale():
                self._assess(sleeper)
        if self.freqtrade.state is not self._loop_state:
            sleeper.rests()

    def _assess(self, sleeper: Sleeper) -> None:
        unsettled = self._orders is not None and self._orders.unsettled()
        sleeper.assess(
            self._desk.tell_watches, looped=self._looped_well, flattening=self._desk.flattening, unsettled=unsettled
        )

    def _serve(self) -> None:
        """What is done all through a wait."""
        self._vitals.step()
        self._serve_commands()
        self._serve_looks()
        self._desk.keep()
        self._desk.report()

    def _sleep(self, sleep_duration: float) -> None:
        """Wait for so long at most, serving commands and reporting; ends at once on a stop or a changed state. Never
        longer than between two loops: FreqTrade counts by the wall clock, which may be set back meanwhile."""
        longest = max(self._throttle_secs + _CANDLE_SECONDS, _EXIT_PASS_SECONDS)
        deadline = time.monotonic() + min(sleep_duration, longest)
        self._desk.after_loop()
        while not self._control.stopping:
            self._serve()
            if self._orders is not None and self._orders.look_again():
                return
            if self._desk.flattening:
                deadline = min(deadline, time.monotonic() + _FLATTEN_WAIT_SECONDS)
            remaining = deadline - time.monotonic()
            if remaining <= 0 or self.freqtrade.state is not self._loop_state:
                return
            self._control.wait(min(remaining, _SLICE_SECONDS))

    def _serve_commands(self) -> None:
        while self._control.commands and not self._control.stopping:
            self._desk.serve(self._control.commands.popleft())
            if self._sleeper is not None:
                self._sleeper.ask()

    def _serve_looks(self) -> None:
        wanted = set()
        while self._control.looks:
            wanted.add(self._control.looks.popleft())
        if wanted and not self._control.stopping:
            self._desk.look(wanted)

    def _count_requests(self) -> None:
        """Each request that ccxt makes for the bot is a point of progress."""
        for client in (self.freqtrade.exchange._api, self.freqtrade.exchange._api_async):
            client.fetch = partial(self._counted, type(client).fetch.__get__(client))
        keep_pace(self.freqtrade.exchange._api)

    def _counted(self, fetch: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self._vitals.step()
        return fetch(*arguments, **named)

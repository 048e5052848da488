"""The life of a bot process, from the fork to its exit code."""

import faulthandler
import logging
import signal
import sys
import time
from pathlib import Path

from freqtrade.commands import Arguments
from freqtrade.system import set_mp_start_method

from pool.bot.boot import Evidence, classify
from pool.bot.checks import look_at_strategy
from pool.bot.claim import Claim, Fenced, Locked
from pool.bot.config import ConfigurationRefused
from pool.bot.control import Control, StopRequested
from pool.bot.desk import Desk
from pool.bot.isolation import leave_zygote, settle
from pool.bot.link import Link
from pool.bot.log import LOG_FILE, start_log
from pool.bot.market.host import Market
from pool.bot.outbox import Outbox
from pool.bot.parent import Parent
from pool.bot.rest import BotApi, Listener
from pool.bot.sandbox.walls import Walls
from pool.bot.sharing import share_with_agent
from pool.bot.slot import SlotFiles, SlotUnreadable
from pool.bot.trader import Trader
from pool.bot.universal.host import Universal
from pool.bot.universal.orders import Orders
from pool.bot.universal.permission import Permission
from pool.bot.universal.retries import Retries
from pool.bot.universal.standing import HALT_FLAG, Standing
from pool.bot.vitals import Vitals
from pool.bot.waking.following import Following
from pool.bot.waking.sleeper import Sleeper
from pool.bot.waking.turn import Turn, share
from pool.contract import exit_codes, mapped
from pool.contract.frames import ConditionFrame, Fork
from pool.contract.slots import ConditionType, DesiredState, SlotSpec
from pool.settings import PoolSettings

logger = logging.getLogger(__name__)

AGENT_SOCKET = "agent.sock"
API_SOCKET = "api.sock"
_CRASHED = 1
_WAIT_SECONDS = 1.0
_FAREWELL = 1 / 3
"""Of what a stop may take: so long it waits until an agent that is late, or is being started anew, has heard all; less
where little is left of it, for then it is killed."""
_LEAST_FAREWELL_SECONDS = 1.0


def run(fork: Fork, pool_directory: Path, settings: PoolSettings) -> int:
    """Be this bot until it ends; the exit code is one of `pool.contract.exit_codes`, or 1 for a crash.

    Called once, in a process of its own that is adopted by init already, and which has nothing else to do afterwards
    than `os._exit` with the answer. Collecting garbage is the caller's to set up. Raises OSError where the directory
    is missing or cannot be written, or a wall cannot be put up that has to stand.

    The order is that of ADR 0004: walls of the user, what needs opening, walls of the process; only then is the agent
    dialled, which gives secrets, and only then is the user's strategy imported.
    """
    if fork.purpose == "check":
        return look_at_strategy(fork, settings)
    directory = Path(fork.directory)
    leave_zygote(fork.bot_id)
    walls = Walls(directory, fork.uid, settings, shared=pool_directory / mapped.DIRECTORY)
    walls.lower()
    settle(directory)
    if fork.uid is not None:
        share_with_agent()
    try:
        claim = Claim.take(directory, fork.epoch)
    except Locked as error:
        sys.stderr.write(f"Not started: {error}\n")
        return exit_codes.LOCKED
    except Fenced as error:
        sys.stderr.write(f"Not started: {error}\n")
        return exit_codes.FENCED
    faulthandler.enable()
    start_log(directory / LOG_FILE)
    logger.info("Run %s, epoch %s", fork.run_id, fork.epoch)
    try:
        api = BotApi(Listener.at(directory / API_SOCKET), settings.rest_idle_seconds)
        walls.close()
        return Bot(fork, pool_directory, settings, Parent(), walls, api).live()
    finally:
        logging.shutdown()
        claim.release()


class Bot:
    """Everything that belongs to one run, put together."""

    def __init__(
        self, fork: Fork, pool_directory: Path, settings: PoolSettings, parent: Parent, walls: Walls, api: BotApi
    ) -> None:
        directory = Path(fork.directory)
        self._walls = walls
        self._stop_seconds = settings.stop_timeout_seconds
        self._slot = SlotFiles(directory, settings)
        self._control = Control()
        self._vitals = Vitals()
        self._outbox = Outbox()
        self._evidence = Evidence()
        self._api = api
        self._standing = Standing(directory / HALT_FLAG)
        self._control.also(self._standing.changed)
        self._permission = Permission(
            self._outbox,
            self._standing,
            stopping=lambda: self._control.stopping,
            progress=self._vitals.step,
        )
        self._universal = Universal(self._standing, self._outbox)
        self._orders = Orders(directory, self._permission, self._universal.why, self._universal.teller)
        following = Following(lambda: self._outbox.watch_number)
        turn = Turn(self._outbox.turn, self._control.wake, share=share(fork.bot_id))
        self._sleeper = Sleeper(
            fork.bot_id,
            self._vitals,
            following,
            slice_seconds=max(settings.snapshot_interval_seconds, 1.0),
            wake=self._control.wake,
            turn=turn,
        )
        self._link = Link(
            fork,
            pool_directory / AGENT_SOCKET,
            settings,
            control=self._control,
            vitals=self._vitals,
            outbox=self._outbox,
            parent=parent,
            standing=self._standing,
            permission=self._permission,
            following=following,
            turn=turn,
        )
        self._desk = Desk(
            self._slot,
            self._vitals,
            self._outbox,
            self._api,
            self._universal,
            settings.snapshot_interval_seconds,
            self._orders.unsettled,
            self._orders.entering,
            self._sleeper,
        )
        self._retries = Retries(self._hurries)
        self._market = Market(
            fork.bot_id,
            settings,
            self._outbox,
            exchange=lambda: self._slot.spec.exchange,
            building=lambda: self._control.building,
            pool_directory=pool_directory,
            took_candles=self._vitals.took_candles,
        )
        self._directory = directory
        self._trader: Trader | None = None

    def live(self) -> int:
        """Greet the agent, build FreqTrade, trade until told to stop, leave in good order."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._control.on_signal)
        self._link.start()
        self._retries.install()
        try:
            exit_code = self._trade()
        except StopRequested:
            self._control.building = False
            exit_code = self._control.exit_code
        except (Exception, SystemExit) as error:  # the boundary of the process: each becomes an exit code, a sentence
            exit_code = self._explain(error)
        self._leave()
        logger.info("Exit code %s", exit_code)
        return exit_code

    def _hurries(self) -> bool:
        if self._control.building:  # what gives up then is the bot
            return self._control.stopping
        return self._control.asked or self._desk.flattening

    def _trade(self) -> int:
        while not self._link.welcomed.is_set() and not self._control.stopping:
            self._vitals.step()
            self._control.wait(_WAIT_SECONDS)
        if not self._control.stopping:
            self._walls.check()
            spec = self._prepared()
            self._universal.begin(self._directory, spec)
            self._desk.tell_mode()
            self._market.route()
            self._vitals.paused_by_flotilla = spec.desired is DesiredState.PAUSED
            set_mp_start_method()
            arguments = ["trade", "--config", str(self._slot.config_file), "--userdir", str(self._directory)]
            self._trader = Trader(
                Arguments(arguments).get_parsed_arg(),
                control=self._control,
                vitals=self._vitals,
                desk=self._desk,
                evidence=self._evidence,
                credentials=lambda: self._link.credentials,
                orders=self._orders,
                sleeper=self._sleeper,
            )
            self._trader.run()
        return self._control.exit_code

    def _prepared(self) -> SlotSpec:
        try:
            return self._slot.prepare()
        except (SlotUnreadable, ConfigurationRefused) as error:
            if not self._desk.fall_back(classify(error, self._evidence)):
                raise
            return self._slot.spec

    def _explain(self, error: BaseException) -> int:
        self._control.building = False
        failure = classify(error, self._evidence)
        if failure.condition is None:
            logger.critical("Crashed", exc_info=error)
        else:
            logger.error("%s: %s", failure.condition.value, failure.message)
            self._outbox.add(ConditionFrame(type=failure.condition.value, message=failure.message))
        self._desk.give_up_reloads(failure.message)
        if failure.condition is not ConditionType.EXCHANGE_UNREACHABLE and self._slot.left_open():
            text = f"The bot ended with open trades. Nobody manages them until it runs again. {failure.message}"
            self._universal.teller.alert("trades_unmanaged", text)
        return failure.exit_code

    def _leave(self) -> None:
        self._control.building = False
        self._vitals.phase = "stopping"
        self._api.stop()
        if self._trader is not None:
            try:
                self._trader.exit()
            except (Exception, SystemExit):  # the boundary of the process: its last report must still go out
                logger.exception("FreqTrade did not clean up")
        orphaned = self._control.exit_code == exit_codes.ORPHANED
        self._link.close(0.0 if orphaned else self._farewell_seconds())

    def _farewell_seconds(self) -> float:
        stopped_at = self._control.stopped_at
        taken = 0.0 if stopped_at is None else time.monotonic() - stopped_at
        return max(_LEAST_FAREWELL_SECONDS, min(self._stop_seconds * _FAREWELL, self._stop_seconds * 0.9 - taken))

"""`flotilla up` and `flotilla serve`: control plane and API in one process, one event loop.

Order of a start: settings → log file → port (so that a taken one is told before anything runs) → control plane →
first admin and demo fleet → API → view. The API answers while pools still warm up; `/readyz` tells the truth about
them. The first Ctrl-C or SIGTERM stops in good order (`up` stops the bots too, `serve` leaves them running), the
second at once: bots then keep running, and the next start finds them.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from loguru import logger
from rich.console import Console
from rich.markup import escape

from api.app import create_app
from api.cli.exits import CliError, ExitCode
from api.cli.first_start import FirstStart, PasswordFile, first_start
from api.cli.fleet import read_fleet
from api.cli.log import log_to_file
from api.cli.server import Server, is_loopback, listen, tls_of, url_of
from api.cli.troubles import explain
from api.cli.watch import SteadyConsole, watch
from api.deps import Services
from api.settings import ApiSettings
from api.stream.transport import protocol_for
from api.tls import Tls
from orchestrator.__main__ import ControlPlane
from orchestrator.home import prepare
from orchestrator.kit import memory
from orchestrator.pools.policy import PoolPolicy
from orchestrator.settings import OrchestratorSettings

_DRAIN_SECONDS = 2
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Stop:
    """What signals ask for: `asked` with the first, `forced` with the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()

    def listen(self) -> None:
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup has it ignored: so it stays
            loop.add_signal_handler(number, self.signalled)

    def signalled(self) -> None:
        (self.forced if self.asked.is_set() else self.asked).set()


def run(*, view: bool, demo: bool, candidate: bool = True) -> int:
    """Runs until stopped; the exit code. One that is no `candidate` serves the API alone, and never leads. Troubles are
    told in a sentence, surprises are in the log, too."""
    memory.give_back_early()
    console = SteadyConsole(highlight=False)
    home = Path()
    log_path: Path | None = None
    try:
        settings = OrchestratorSettings()
        home = settings.home.expanduser().resolve()
        settings = settings.model_copy(update={"home": home})
        api_settings = ApiSettings()
        os.umask(0o077)  # whatever is made from here on, by children too, is its owner's alone
        prepare(home)
        log_path = log_to_file(home, stderr=api_settings.log_to_stderr)
        return asyncio.run(
            _Composition(settings, api_settings, console, view=view, demo=demo, candidate=candidate).run()
        )
    except Exception as error:  # boundary of the process: a person reads one sentence, the log has the rest
        sentence = explain(error, home)
        if log_path is not None:
            logger.opt(exception=error).critical("the control plane ended: {}", sentence or "unforeseen")
        _tell(sentence or f"Something broke: {type(error).__name__}. The log tells more: {log_path}")
        return int(ExitCode.ERROR)
    finally:
        _let_go_of_output()


class _Composition:
    """One run of the control plane with its API."""

    def __init__(
        self,
        settings: OrchestratorSettings,
        api_settings: ApiSettings,
        console: Console,
        *,
        view: bool,
        demo: bool,
        candidate: bool,
    ) -> None:
        self._settings = settings
        self._api_settings = api_settings
        self._console = console
        self._view = view
        self._demo = demo
        self._candidate = candidate

    async def run(self) -> int:
        stop = _Stop()
        stop.listen()
        tls = tls_of(self._api_settings)
        with listen(self._api_settings.host, self._api_settings.port) as listener:
            url = url_of(self._api_settings.host, listener, "http" if tls is None else "https")
            self._say(f"Starting [bold]Flotilla[/] in {escape(str(self._settings.home))} …")
            control = ControlPlane(self._settings, candidate=self._candidate)
            try:
                await control.start()
                made = await self._first_start(control)
                app = create_app(_services(control), self._api_settings, control.cache)
            except BaseException:
                await control.stop(pools=False)
                raise
            password = PasswordFile(control.database, self._settings.home)
            self._greet(url, made, password.path)
            self._warn()
            return await self._serve(control, app, listener, url, stop, tls, password)

    async def _first_start(self, control: ControlPlane) -> FirstStart | None:
        """Not by one that serves the API alone: the password would be in a place where nobody looks for it."""
        if not self._candidate:
            return None
        return await first_start(control.database, control.catalogue, self._settings.home, demo=self._demo)

    async def _serve(
        self,
        control: ControlPlane,
        app: FastAPI,
        listener: socket.socket,
        url: str,
        stop: _Stop,
        tls: Tls | None,
        password: PasswordFile,
    ) -> int:
        memory.settle()
        config = uvicorn.Config(
            app,
            http=protocol_for(self._api_settings),
            proxy_headers=False,
            ssl_context_factory=None if tls is None else lambda _config, _default: tls.context,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_SECONDS,
        )
        server = Server(config, self._api_settings.header_seconds)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="api")
        asked = asyncio.create_task(stop.asked.wait(), name="stop")
        beside = [
            asked,
            asyncio.create_task(self._watch(control, url, password.path), name="view"),
            asyncio.create_task(password.keep_true(), name="password file"),
        ]
        if tls is not None:
            beside.append(asyncio.create_task(tls.watch(), name="certificate"))
        await asyncio.wait({serving, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        broke = serving.done() and not stop.asked.is_set()
        stopping = asyncio.create_task(self._stop(control, server, serving), name="stopping")
        forced = asyncio.create_task(stop.forced.wait(), name="forced")
        await asyncio.wait({stopping, forced}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
            self._say("Stopped at once; bots that still run are found again by the next start.")
            return int(ExitCode.ERROR)
        forced.cancel()
        stopping.result()
        if broke:
            serving.result()
            raise CliError("The API server ended by itself; the log tells why.")
        self._say("Stopped." if self._view else "Stopped; bots keep running. `flotilla up`, then Ctrl-C, stops them.")
        return int(ExitCode.OK)

    async def _stop(self, control: ControlPlane, server: Server, serving: "asyncio.Task[None]") -> None:
        what = "bots and pools" if self._view else "the control plane; bots go on"
        self._say(f"Stopping {what} … (again to force)")
        server.should_exit = True
        await asyncio.wait({serving})
        await control.stop(pools=self._view)

    async def _watch(self, control: ControlPlane, url: str, password: Path) -> None:
        if not self._view:
            return
        header = f"[bold]Flotilla[/] · API docs [link={url}/docs]{url}/docs[/link]"
        stops = "Ctrl-C stops everything, bots included"
        sign_in = f"{stops} · sign in as admin, password in {escape(str(password))}"

        def footer() -> str:
            return sign_in if password.exists() else stops

        await watch(lambda: read_fleet(control.database, control.portfolio), self._console, header, footer)

    def _greet(self, url: str, made: FirstStart | None, password: Path) -> None:
        self._say(f"API: {url}/api/v1 · docs: {url}/docs")
        if made is not None:
            # Only to somebody who looks: what is written elsewhere ends up in a log.
            shown = f", password [bold]{made.password}[/]" if self._console.is_terminal else ""
            self._say(f"First start: user [bold]{made.username}[/]{shown}")
            self._say(f"The password is kept in {escape(str(password))}, until it is changed.")
            if made.bots:
                self._say(f"Demo fleet: {', '.join(made.bots)}. They trade on the paper exchange.")

    def _warn(self) -> None:
        """Passwords and tokens in the clear are told as what they are."""
        settings = self._api_settings
        if settings.tls_certificate is None and not settings.trusted_proxies and not is_loopback(settings.host):
            line = (
                f"Listening on {settings.host} without TLS: passwords and tokens can be read on the way. Set "
                "FLOTILLA_API_TLS_CERTIFICATE and _KEY, or put a proxy with TLS in front and name it in "
                "FLOTILLA_API_TRUSTED_PROXIES."
            )
            logger.warning("{}", line)
            self._say(f"[yellow]{escape(line)}[/]")

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # nobody reads the output any more
            self._console.print(line, soft_wrap=True)
            self._console.file.flush()


def _services(control: ControlPlane) -> Services:
    return Services(
        database=control.database,
        bus=control.bus,
        agents=control.agents,
        catalogue=control.catalogue,
        markets=control.markets,
        secrets=control.secrets,
        readiness=control.readiness,
        portfolio=control.portfolio,
        gauges=control.gauges,
        tally=control.tally,
        check_image=control.check_image,
        pool_disks=control.pool_disks,
        pool_policy=PoolPolicy.of(control.settings, control.catalogue),
        keys=control.keys,
        push=control.push,
        market=control.market,
        traffic=control.traffic,
    )


def _let_go_of_output() -> None:
    """Where nobody reads it any more, what is left of it goes nowhere: the interpreter would end with code 120."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _tell(sentence: str) -> None:
    SteadyConsole(stderr=True, highlight=False).print(f"flotilla: {sentence}", markup=False, soft_wrap=True)

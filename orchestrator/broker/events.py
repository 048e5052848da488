"""Docker's event stream, followed by one thread of its own for ever, handed to whoever listens.

Events are hints. After every interruption, and for a listener that is too slow, there is a `resync`: look anew.
"""

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from loguru import logger

from orchestrator.broker.contract import ContainerEvent, Refused
from orchestrator.broker.docker_api import DockerApi
from orchestrator.broker.names import INSTALLATION, POOL
from orchestrator.broker.refusals import translated
from orchestrator.kit.backoff import Backoff

RESYNC = "resync"
_BACKOFF = Backoff(first_seconds=0.5, limit_seconds=15)
_LONGEST_QUEUE = 1000
_NOISE = ("exec_", "top", "attach", "archive-path", "extract-to-dir", "resize")


class EventStream:
    """`start` in the running loop, `stop` when it ends."""

    def __init__(self, docker: DockerApi, installation: str) -> None:
        self._docker = docker
        self._installation = installation
        self._listeners: set[asyncio.Queue[ContainerEvent]] = set()
        self._stopped = threading.Event()
        self._open: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._follow_for_ever, name="docker-events", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        if self._open is not None:
            with contextlib.suppress(Exception):  # whatever a half-closed stream says, the process ends
                self._open.close()

    def listen(self) -> asyncio.Queue[ContainerEvent]:
        queue: asyncio.Queue[ContainerEvent] = asyncio.Queue(_LONGEST_QUEUE)
        queue.put_nowait(_resync())
        self._listeners.add(queue)
        return queue

    def forget(self, queue: asyncio.Queue[ContainerEvent]) -> None:
        self._listeners.discard(queue)

    def _follow_for_ever(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            try:
                failures = 0 if self._follow() else failures + 1
            except Refused as refused:
                failures += 1
                if failures == 1:
                    logger.warning("Docker's events are interrupted: {}", refused.refusal.message)
            except Exception:  # the thread's boundary: whatever a broken stream raises, it is opened again
                failures += 1
                logger.exception("Docker's events broke off")
            self._stopped.wait(_BACKOFF.delay_seconds(max(failures, 1)))

    def _follow(self) -> bool:
        """Whether anything came before the stream ended."""
        came = False
        with translated("tell its events"):
            client = self._docker.dial(None)
            try:
                self._open = client.events(
                    decode=True, filters={"type": "container", "label": f"{INSTALLATION}={self._installation}"}
                )
                self._tell(_resync())
                for told in self._open:
                    came = True
                    event = _event(told)
                    if event is not None:
                        self._tell(event)
            finally:
                self._open = None
                client.close()
        return came

    def _tell(self, event: ContainerEvent) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._hand_out, event)

    def _hand_out(self, event: ContainerEvent) -> None:
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(_resync())
            queue.put_nowait(event)


def _event(told: Mapping[str, Any]) -> ContainerEvent | None:
    """None for those that are nobody's business."""
    action = str(told.get("Action") or told.get("status") or "")
    attributes = (told.get("Actor") or {}).get("Attributes") or {}
    if POOL not in attributes or action.startswith(_NOISE):
        return None
    at = datetime.fromtimestamp(int(told.get("time") or 0), UTC)
    return ContainerEvent(pool_id=str(attributes[POOL]), action=action, at=at)


def _resync() -> ContainerEvent:
    return ContainerEvent(pool_id="", action=RESYNC, at=datetime.now(UTC))

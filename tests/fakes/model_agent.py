"""An agent whose bots are counted trades: directories, processes, fences and archives as a pool has them, in memory.

`Ledger` holds what was really traded, so that a test can tell whether anything was lost. Connections may break before
a request took effect, or after.
"""

import hashlib
import json
import random
from collections import Counter
from dataclasses import dataclass, field

from aiohttp import web

from pool.contract.errors import AGENT_ERROR_STATUS, AgentErrorCode, AgentProblem
from pool.contract.slots import DesiredState, ObservedState, SlotSpec
from pool.contract.transfer import DIGEST_HEADER, DirectoryReport
from tests.fakes.fake_agent import FakeAgent, Handler


@dataclass
class Directory:
    trades: int = 0
    epoch: int = 0

    def content(self) -> bytes:
        return json.dumps({"trades": self.trades}).encode()


@dataclass
class Ledger:
    """Trades by bot, whoever made them."""

    trades: Counter[str] = field(default_factory=Counter)


class ModelAgent(FakeAgent):
    """`whims` decides which connections break; None for none. A bot that is to stop does so when it is listed next."""

    def __init__(self, pool_id: str, ledger: Ledger, slots_total: int = 50, whims: random.Random | None = None) -> None:
        super().__init__(pool_id, slots_total)
        self.ledger = ledger
        self.whims = whims
        self.reachable = True
        self.refuses_directories = False
        self.keeps_back: set[str] = set()
        """Bots whose directories are too large to be sent."""
        self.breaking = 0.0
        """Share of the connections that break."""
        self.directories: dict[str, Directory] = {}
        self.processes: dict[str, int] = {}
        """Epoch of each bot's process."""
        self.archives: list[tuple[str, Directory]] = []
        self.gone: dict[str, int] = {}

    # ---- what tests do and ask

    def trade(self, bot_id: str) -> None:
        self.directories[bot_id].trades += 1
        self.ledger.trades[bot_id] += 1

    def settle(self) -> None:
        """Processes that are to end do."""
        for bot_id in list(self.processes):
            spec = self.specs.get(bot_id)
            if spec is None or spec.desired is DesiredState.STOPPED:
                del self.processes[bot_id]
            elif spec.epoch != self.processes[bot_id]:
                self._start(bot_id, spec)
            self._refresh(bot_id)

    def kill(self) -> None:
        """The whole pool dies and starts again with what it has on disk."""
        self.processes.clear()
        for bot_id, spec in self.specs.items():
            self._start(bot_id, spec)
            self._refresh(bot_id)

    # ---- as an agent does

    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not self.reachable or self._breaks():
            return self._cut(request)
        self.settle()
        response = await handler(request)
        return self._cut(request) if self._breaks() else response

    def _routes(self) -> list[web.RouteDef]:
        path = "/v1/slots/{bot_id}/directory"
        return [web.get(path, self._send), web.put(path, self._receive)]

    def _breaks(self) -> bool:
        return self.whims is not None and self.whims.random() < self.breaking

    def _cut(self, request: web.Request) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _put(self, request: web.Request) -> web.Response:
        bot_id = request.match_info["bot_id"]
        spec = SlotSpec.model_validate_json(await request.read())
        if bot_id not in self.specs and spec.epoch <= self.gone.get(bot_id, 0):
            return _problem(AgentErrorCode.STALE_EPOCH)
        known = self.specs.get(bot_id)
        if known is not None and (known.epoch, known.generation) > (spec.epoch, spec.generation):
            return _problem(AgentErrorCode.STALE_EPOCH)
        if known is None and len(self.specs) >= self.slots_total:
            return _problem(AgentErrorCode.POOL_FULL)
        self.specs[bot_id] = spec
        self.slots[bot_id] = self._slot(bot_id, spec)
        if bot_id not in self.processes:
            self._start(bot_id, spec)
        self._refresh(bot_id)
        return web.Response(
            body=self.slots[bot_id].to_json(), status=200 if known else 201, content_type="application/json"
        )

    def _start(self, bot_id: str, spec: SlotSpec) -> None:
        self.processes.pop(bot_id, None)
        if spec.desired is DesiredState.STOPPED:
            return
        directory = self.directories.setdefault(bot_id, Directory())
        if directory.epoch <= spec.epoch:
            directory.epoch = spec.epoch
            self.processes[bot_id] = spec.epoch

    def _refresh(self, bot_id: str) -> None:
        spec = self.specs.get(bot_id)
        if spec is None:
            return
        runs = bot_id in self.processes
        if spec.desired is DesiredState.STOPPED:
            state = ObservedState.STOPPING if runs else ObservedState.STOPPED
        else:
            state = ObservedState(spec.desired) if runs else ObservedState.FAILED
        self.slots[bot_id] = self.slots[bot_id].model_copy(update={"observed_state": state})

    def archive(self, bot_id: str) -> None:
        self.gone[bot_id] = self.specs[bot_id].epoch
        self.processes.pop(bot_id, None)
        super().archive(bot_id)
        if bot_id in self.directories:
            self.archives.append((bot_id, self.directories.pop(bot_id)))

    async def _send(self, request: web.Request) -> web.StreamResponse:
        bot_id, epoch = request.match_info["bot_id"], int(request.query["epoch"])
        spec = self.specs.get(bot_id)
        if spec is None:
            return _problem(AgentErrorCode.SLOT_NOT_FOUND)
        if epoch < spec.epoch:
            return _problem(AgentErrorCode.STALE_EPOCH)
        if epoch != spec.epoch or spec.desired is not DesiredState.STOPPED or bot_id in self.processes:
            return _problem(AgentErrorCode.IN_USE)
        directory = self.directories.setdefault(bot_id, Directory())
        directory.epoch = max(directory.epoch, epoch)
        if bot_id in self.keeps_back:
            return _problem(AgentErrorCode.INVALID_SPEC)
        content = directory.content()
        return web.Response(body=content, headers={DIGEST_HEADER: hashlib.sha256(content).hexdigest()})

    async def _receive(self, request: web.Request) -> web.StreamResponse:
        bot_id, epoch = request.match_info["bot_id"], int(request.query["epoch"])
        content = await request.read()
        known = self.directories.get(bot_id)
        if bot_id in self.specs or self.refuses_directories:
            return _problem(AgentErrorCode.IN_USE)
        if epoch <= self.gone.get(bot_id, 0) or (known is not None and known.epoch > epoch):
            return _problem(AgentErrorCode.STALE_EPOCH)
        digest = hashlib.sha256(content).hexdigest()
        if digest != request.headers[DIGEST_HEADER]:
            return _problem(AgentErrorCode.INVALID_SPEC)
        if known is not None:
            self.archives.append((bot_id, known))
        self.directories[bot_id] = Directory(trades=json.loads(content)["trades"], epoch=epoch)
        report = DirectoryReport(epoch=epoch, files=1, size_bytes=len(content), digest=digest)
        return web.Response(body=report.to_json(), content_type="application/json")


def _problem(code: AgentErrorCode) -> web.Response:
    body = AgentProblem(code=code, message=f"{code}, says the model")
    return web.Response(body=body.to_json(), status=AGENT_ERROR_STATUS[code], content_type="application/json")

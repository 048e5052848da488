"""The control plane keeps a real gateway: whoever of the two dies, the gateway is where it was."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil

from orchestrator.__main__ import ControlPlane
from orchestrator.pools.drivers.process import ProcessDriver
from orchestrator.settings import OrchestratorSettings
from pool.contract.market import REFUSED_HEADER, GatewayState, behind
from tests.support import eventually


@contextlib.asynccontextmanager
async def control_plane(home: Path) -> AsyncIterator[ControlPlane]:
    """Over fake pools, with a real paper exchange. What it keeps goes on when it ends."""
    settings = OrchestratorSettings(home=home, paper_symbols=20, stop_seconds=10)
    driver = ProcessDriver(home / "pools", stop_seconds=5, module="tests.fakes.fake_pool")
    plane = ControlPlane(settings, drivers={"process": driver})
    await plane.start()
    try:
        yield plane
    finally:
        await plane.stop(pools=False)


async def incarnation(plane: ControlPlane, other_than: str | None = None) -> str:
    """Of the gateway that answers, once it is another one."""

    async def answering() -> GatewayState | None:
        state = (await plane.traffic.look()).state
        return None if state is None or state.incarnation == other_than else state

    state = await eventually(answering, message="the gateway answers")
    assert state is not None
    return state.incarnation


def pids_of(home: Path, directory: str = "gateway") -> list[int]:
    """Of all processes of that directory of this home."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        if str(home / directory) in (process.info["cmdline"] or []):
            found.append(int(process.info["pid"]))
    return found


async def test_it_is_restarted_found_again_and_stopped_with_the_pools(tmp_path: Path) -> None:
    home = tmp_path / "home"
    try:
        async with control_plane(home) as plane:
            gateway = plane._runtime.gateway
            assert gateway is not None
            promised = gateway.pool_url()
            first = await incarnation(plane)
            assert gateway.url() == promised
            await reaches_the_paper_exchange_alone(plane)
            os.kill(pids_of(home)[0], signal.SIGKILL)
            second = await incarnation(plane, first)
            assert gateway.url() == promised
            await reaches_the_paper_exchange_alone(plane)
        (pid,) = pids_of(home)
        async with control_plane(home) as plane:
            assert await incarnation(plane) == second, "it went on without a control plane, and is adopted"
            os.kill(pid, signal.SIGKILL)
            await incarnation(plane, second)
            assert plane._runtime.gateway.url() == promised
            await plane.stop(pools=True)
        assert pids_of(home) == []
    finally:
        for directory in ("gateway", "paper-exchange", "pools/pool-local"):
            for pid in pids_of(home, directory):
                os.kill(pid, signal.SIGKILL)


async def reaches_the_paper_exchange_alone(plane: ControlPlane) -> None:
    """It was told where that is, and forwards to nobody else on this machine."""
    url, paper = plane._runtime.gateway.url(), plane._runtime.exchange_url()
    assert url is not None
    assert paper is not None
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:

        async def answers() -> bool:
            return (await client.get(behind(url, "paper", f"{paper}/api/v3/time"))).status_code == 200

        await eventually(answers, message="the paper exchange answers through it")
        refused = await client.get(behind(url, "paper", f"{url}/v1/state"))
        assert (refused.status_code, refused.headers.get(REFUSED_HEADER)) == (403, "host")

"""The real gateway in its container: to exchanges, and to nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from orchestrator.broker.contract import GATEWAY_URL, PAPER_URL, PaperSpec
from orchestrator.exchanges.gateway_container import BrokerGateway
from orchestrator.exchanges.traffic import Traffic
from orchestrator.runtime import Runtime
from pool.contract.market import REFUSED_HEADER, behind
from tests.docker.broker_rig import BrokerRig, broker_rig, in_thread, pool
from tests.docker.pool_container import build_pool_image
from tests.support import eventually


@pytest.fixture
async def image() -> str:
    return str(await in_thread(build_pool_image))


@pytest.fixture
async def rig(tmp_path: Path, image: str) -> AsyncIterator[BrokerRig]:
    async with broker_rig(tmp_path) as made:
        await made.restart(allowed_images=[*made.settings.allowed_images, image])
        yield made


async def test_it_forwards_to_the_paper_exchange_and_to_no_pool(rig: BrokerRig, image: str) -> None:
    driver, client = rig.driver(), rig.client()
    await client.ensure_paper(PaperSpec(image=image, symbols=20))
    gateway = BrokerGateway(client, image, paper=True)
    assert not await gateway.alive()
    await gateway.ensure()
    assert gateway.pool_url() == GATEWAY_URL
    await driver.ensure(pool("pool-a", "usr-1"))
    victim = await rig.listening(driver)
    await eventually(gateway.answers, message="the gateway answers the control plane")
    url = gateway.url()
    assert url is not None
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:

        async def told() -> bool:
            return (await http.get(behind(url, "paper", f"{PAPER_URL}/api/v3/time"))).status_code == 200

        await eventually(told, message="the paper exchange answers through it")
        assert (await http.get(f"{victim.url}/v1/health")).status_code == 200, "there is something to reach"
        for exchange in ("paper", "binance"):
            refused = await http.get(behind(url, exchange, f"{victim.url}/v1/health"))
            assert (refused.status_code, refused.headers.get(REFUSED_HEADER)) == (403, "host")
    traffic = Traffic(Runtime({}, None, BrokerGateway(rig.client(), image, paper=True)).find_gateway)
    look = await traffic.look()  # as a control plane that does not lead
    assert look.state is not None
    (paper,) = [one for one in look.state.exchanges if one.exchange == "paper"]
    assert paper.upstream >= 1
    name = f"flotilla-{rig.installation}.gateway"
    before = rig.docker.inspect_container(name)["Id"]
    again = BrokerGateway(rig.client(), image, paper=True)
    assert not await again.alive(), "nobody has compared it yet"
    await again.ensure()
    assert await again.alive()
    assert rig.docker.inspect_container(name)["Id"] == before, "the next control plane adopts it"
    await again.stop()
    assert not await again.alive()

"""What the market-data gateway is as a container. It reaches exchanges as pools do, and holds no secret."""

from orchestrator.broker.companions import Kind, Start
from orchestrator.broker.contract import GATEWAY_ALIAS, GATEWAY_PORT, PAPER_URL, GatewaySpec

GATEWAY = Kind(
    role=GATEWAY_ALIAS,
    title="market-data gateway",
    module="pool.exchange.gateway",
    port=GATEWAY_PORT,
    uid=10_003,
    memory_bytes=1024 * 2**20,
    processes=128,
    egress=True,
    renewed=True,
)


def gateway_start(spec: GatewaySpec) -> Start:
    told = ("--paper-url", PAPER_URL) if spec.paper else ()
    return Start(spec.image, told, environment=dict(sorted(spec.settings.items())))

"""How everything of one installation is named and labelled. Pure.

The label says whose a thing is; the name is how Docker keeps two of them apart. Nothing without the label is touched.
"""

import re
from dataclasses import dataclass

from orchestrator.broker.contract import GATEWAY_ALIAS, PAPER_ALIAS, POOL_ID_PATTERN, RefusalCode, Refused
from pool.contract import PROTOCOL_VERSION

INSTALLATION = "flotilla.installation"
POOL = "flotilla.pool"
TENANT = "flotilla.tenant"
PROTOCOL = "flotilla.protocol"
"""Also a label of images, beside the next one."""
FREQTRADE = "flotilla.freqtrade"
GATEWAY = "flotilla.gateway"
"""Of images whose pools know settings of the market-data gateway; others refuse to start with them."""
IMAGE = "flotilla.image"
"""The image as it was asked for."""
IMAGE_ID = "flotilla.image-id"
"""Of a volume: the image that its pool was first made of, and stays with."""
ROLE = "flotilla.role"
"""`pool`, `paper-exchange`, `gateway`, `files` (a container that never runs), `network`."""
COMPANIONS = (PAPER_ALIAS, GATEWAY_ALIAS)
"""Roles of what is in all tenants' networks, where each is found by its role."""
LIMITS = "flotilla.limits"
"""Those that a pool's container was made with, as JSON in Docker's words."""
BOT_UIDS = "flotilla.bot-uids"
"""`first-last` of the user ids of the pool's bots; on its volume those that it was first made with."""
CONFIGURATION = "flotilla.configuration"
"""Digest of everything a container is made from: one that differs is made anew at its next start."""


@dataclass(frozen=True, slots=True)
class Names:
    installation: str

    def pool(self, pool_id: str) -> str:
        """Of its container and of its volume. Raises Refused for what cannot be an id."""
        if not re.fullmatch(POOL_ID_PATTERN, pool_id):
            raise Refused(RefusalCode.INVALID, "A pool's id has up to 40 lower-case letters, digits, - and _.")
        return f"flotilla-{self.installation}-{pool_id}"

    def network(self, tenant_id: str | None) -> str:
        return (
            f"flotilla-{self.installation}-shared"
            if tenant_id is None
            else (f"flotilla-{self.installation}-t-{tenant_id}")
        )

    def companion(self, role: str) -> str:
        """Of the container, volume and own network of the paper exchange or the gateway. No pool's: ids have no dot."""
        return f"flotilla-{self.installation}.{role}"

    def is_companion(self, name: str) -> bool:
        return name in map(self.companion, COMPANIONS)

    def pool_labels(self, pool_id: str, tenant_id: str | None) -> dict[str, str]:
        labels = {INSTALLATION: self.installation, ROLE: "pool", POOL: pool_id, PROTOCOL: str(PROTOCOL_VERSION)}
        return labels if tenant_id is None else {**labels, TENANT: tenant_id}

    def labels(self, role: str) -> dict[str, str]:
        return {INSTALLATION: self.installation, ROLE: role}

    def is_ours(self, labels: dict[str, str] | None) -> bool:
        return (labels or {}).get(INSTALLATION) == self.installation

    def is_pool(self, labels: dict[str, str] | None, pool_id: str) -> bool:
        return self.is_ours(labels) and (labels or {}).get(POOL) == pool_id

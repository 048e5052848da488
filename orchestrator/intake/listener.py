"""Who hears what bots ask before they open risk: implemented by the fleet's risk engine."""

from typing import Protocol

from pool.contract.events import ReserveItem, SettleItem, SnapshotItem


class RiskListener(Protocol):
    """Called while a pool's stream is read: what takes long is to be put into a queue. A request that is not answered
    (`AgentClient.post_grants`) within two seconds counts as refused."""

    async def reserve(self, pool_id: str, item: ReserveItem) -> None: ...

    async def settle(self, pool_id: str, item: SettleItem) -> None: ...

    async def snapshot(self, pool_id: str, item: SnapshotItem) -> None:
        """In the order in which the bot told it among its requests."""

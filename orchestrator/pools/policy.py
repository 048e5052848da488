"""How pools are made, filled and removed: what the settings say, and which templates may share one."""

from dataclasses import dataclass
from typing import Literal

from orchestrator.pools.assignments import Assigned
from orchestrator.pools.placement import Homeless
from orchestrator.settings import OrchestratorSettings
from orchestrator.templates.catalogue import Catalogue
from orchestrator.users.quotas import NO_QUOTA, Quota


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    driver: str = "process"
    """Of pools that are made from now on."""
    image: str | None = None
    slots: int = 50
    memory_limit_bytes: int | None = None
    placement: Literal["spread", "pack"] = "spread"
    headroom: float = 0.1
    minimum: int = 0
    """Empty pools per tenant that are kept."""
    maximum: int = 10
    """Pools per tenant."""
    idle_seconds: float = 600.0
    shared_templates: frozenset[str] = frozenset()
    """Names of the templates whose bots may run beside other tenants' bots."""
    quota: Quota = NO_QUOTA
    """Of users without one of their own."""

    @classmethod
    def of(cls, settings: OrchestratorSettings, catalogue: Catalogue) -> "PoolPolicy":
        """A template is allowed by its hash: once it is edited, its bots share no pool any more."""
        allowed = set(settings.shared_template_hashes) if settings.share_pools else set()
        return cls(
            driver=settings.pool_driver,
            image=settings.pool_image if settings.pool_driver == "docker" else None,
            slots=settings.pool_slots,
            memory_limit_bytes=settings.pool_memory_limit_bytes,
            placement=settings.pool_placement,
            headroom=settings.pool_memory_headroom,
            minimum=settings.pools_minimum,
            maximum=settings.pools_maximum,
            idle_seconds=settings.pool_idle_minutes * 60,
            shared_templates=frozenset(one.name for one in catalogue.all() if one.source_hash in allowed),
            quota=Quota(settings.user_max_bots, settings.user_max_memory_bytes),
        )

    def homeless(self, bot: Assigned) -> Homeless:
        """The bot as placement wants it."""
        return Homeless(bot.bot_id, bot.owner_id, bot.template in self.shared_templates)

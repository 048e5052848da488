"""How much one user may have: a quota of his own, or what the settings say for everybody. Values; what is counted
against them is `bots.quotas`' matter, and `pools.provision`'s."""

from dataclasses import dataclass

from orchestrator.users.models import UserModel


@dataclass(frozen=True, slots=True)
class Quota:
    """None for no limit."""

    max_bots: int | None = None
    max_memory_bytes: int | None = None


NO_QUOTA = Quota()


def in_force(user: UserModel, default: Quota) -> Quota:
    """The user's own where he has one."""
    return Quota(
        default.max_bots if user.max_bots is None else user.max_bots,
        default.max_memory_bytes if user.max_memory_bytes is None else user.max_memory_bytes,
    )

"""Start, stop, pause and reload, said to a bot's own API: what its operator wants from now on.

FreqTrade would change the state of the running trader, and the reconciler would change it back. So the wish is written
down, the reconciler carries it out, and the answer is FreqTrade's own, for the state that was wanted before.
"""

from collections.abc import Awaitable, Callable

from sqlmodel.ext.asyncio.session import AsyncSession

from api.auth.subject import Subject
from api.deps import Services
from orchestrator.audit.service import By
from orchestrator.bots import service
from orchestrator.bots.service import Desired
from orchestrator.users.quotas import Quota
from pool.contract.slots import DesiredState, ObservedState

_GIVEN_UP = (ObservedState.FAILED, ObservedState.QUARANTINED)
"""States that a bot leaves only when somebody asks for it."""

_PAUSED = "paused, no more entries will occur from now. Run /start to enable entries."
_STARTED_PAUSED = (
    "starting bot with trader in paused state, no entries will occur. Run /start to enable entries."
)  # fmt: skip


async def carry_out(services: Services, caller: Subject, bot_id: str, word: str) -> dict[str, str]:
    """FreqTrade's `StatusMsg` for one of the routes that are an INTENT, after it was written down. Raises NotFound,
    Conflict where the bot is being deleted, QuotaExceeded."""
    by = By(caller.user_id, f"Asked for by {word} of FreqTrade's API.")
    async with services.writing(caller) as session:
        status = await _MEANING[word](session, bot_id, by, services.pool_policy.quota)
    await services.bus.publish("hints", "reconcile", {"bot_id": bot_id})
    return {"status": status}


async def _start(session: AsyncSession, bot_id: str, by: By, quota: Quota) -> str:
    """One that failed, or is in quarantine, gets a fresh process."""
    before, given_up = await _want(session, bot_id, "running", by, quota)
    if given_up:
        await service.restart(session, None, bot_id, by=by)
    return "already running" if before == DesiredState.RUNNING and not given_up else "starting trader ..."


async def _stop(session: AsyncSession, bot_id: str, by: By, quota: Quota) -> str:
    """Open trades are kept, and not managed, as with FreqTrade's own."""
    before, _ = await _want(session, bot_id, "stopped", by, quota)
    return "already stopped" if before == DesiredState.STOPPED else "stopping trader ..."


async def _pause(session: AsyncSession, bot_id: str, by: By, quota: Quota) -> str:
    before, _ = await _want(session, bot_id, "paused", by, quota)
    return _STARTED_PAUSED if before == DesiredState.STOPPED else _PAUSED


async def _reload(session: AsyncSession, bot_id: str, by: By, quota: Quota) -> str:
    """A fresh process with the configuration as it is now. As with FreqTrade, whose manual tells to end a `stopentry`
    so, the bot trades afterwards, whatever it did before."""
    before, _ = await _want(session, bot_id, "running", by, quota)
    if before != DesiredState.STOPPED:
        await service.restart(session, None, bot_id, by=by)
    return "Reloading config ..."


_MEANING: dict[str, Callable[[AsyncSession, str, By, Quota], Awaitable[str]]] = {
    "start": _start,
    "stop": _stop,
    "pause": _pause,
    "stopentry": _pause,
    "stopbuy": _pause,
    "reload_config": _reload,
}


async def _want(session: AsyncSession, bot_id: str, desired: Desired, by: By, quota: Quota) -> tuple[str, bool]:
    """What was wanted before, and whether the bot had been given up."""
    before = (await service.get(session, None, bot_id)).bot.desired_state
    view = await service.set_desired(session, None, bot_id, desired, by=by, quota=quota)
    return before, view.status.observed_state in _GIVEN_UP

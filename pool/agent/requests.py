"""Requests about slots: checked against epochs and room, taken in, and acknowledged once they are on disk."""

from pool.agent import table
from pool.agent.entry import Entry
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused, slot_not_found, stale_epoch
from pool.contract.errors import AgentErrorCode
from pool.contract.slots import SlotSpec
from pool.settings import PoolSettings


async def put_slot(keeper: Keeper, settings: PoolSettings, bot_id: str, spec: SlotSpec) -> tuple[Entry, bool]:
    """The slot, and whether it is new. Raises Refused, or OSError where it cannot be kept."""
    entry = keeper.entries.get(bot_id)
    _check_epoch(keeper, bot_id, entry, spec.epoch)
    if spec.exchange == "paper" and settings.paper_exchange_url is None:
        raise Refused(AgentErrorCode.INVALID_SPEC, "this pool has no paper exchange", field="exchange")
    created = entry is None
    if entry is None:
        if len(keeper.entries) >= settings.slots_total:
            message = f"all {settings.slots_total} slots of this pool are taken"
            raise Refused(AgentErrorCode.POOL_FULL, message, slots_total=settings.slots_total)
        entry = Entry(table.put(None, bot_id, spec))
        keeper.entries[bot_id] = entry
        keeper.deleted.pop(bot_id, None)
    else:
        entry.facts = table.put(entry.facts, bot_id, spec)
    if spec.credentials is not None:
        entry.credentials = spec.credentials
    # On disk before anything runs: a process that the agent forgot could never be stopped.
    await keeper.save()
    keeper.apply(entry)
    return entry, created


async def delete_slot(keeper: Keeper, bot_id: str, epoch: int) -> bool:
    """Stops and archives a bot; True once it is gone. Raises Refused, or OSError."""
    entry = keeper.entries.get(bot_id)
    if entry is None:
        if bot_id not in keeper.deleted:
            raise slot_not_found(bot_id)
        if epoch < keeper.deleted[bot_id]:
            raise stale_epoch(bot_id, epoch, keeper.deleted[bot_id])
        return True
    _check_epoch(keeper, bot_id, entry, epoch)
    entry.facts = table.delete(entry.facts)
    await keeper.save()
    keeper.apply(entry)
    return bot_id not in keeper.entries


async def restart_slot(keeper: Keeper, bot_id: str, epoch: int) -> None:
    """A fresh process, out of quarantine too. Raises Refused, or OSError."""
    entry = keeper.entries.get(bot_id)
    if entry is None:
        raise slot_not_found(bot_id)
    _check_epoch(keeper, bot_id, entry, epoch)
    entry.facts = table.restart(entry.facts)
    await keeper.save()
    keeper.apply(entry)


def _check_epoch(keeper: Keeper, bot_id: str, entry: Entry | None, epoch: int) -> None:
    if entry is not None and epoch < entry.facts.spec.epoch:
        raise stale_epoch(bot_id, epoch, entry.facts.spec.epoch)
    if entry is None and epoch <= keeper.deleted.get(bot_id, 0):
        raise stale_epoch(bot_id, epoch, keeper.deleted[bot_id])

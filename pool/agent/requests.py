"""Requests about slots: checked against epochs and room, and acknowledged once they are on disk."""

from pool.agent import table, transfer
from pool.agent.entry import Entry
from pool.agent.facts import SlotFacts
from pool.agent.files import write_policy
from pool.agent.keeper import Keeper
from pool.agent.problems import Refused, slot_not_found, stale_epoch, stale_generation
from pool.contract.errors import AgentErrorCode
from pool.contract.frames import PolicyFrame
from pool.contract.policy import PolicyInForce
from pool.contract.slots import ExchangeCredentials, SlotSpec
from pool.settings import PoolSettings


async def put_slot(keeper: Keeper, settings: PoolSettings, bot_id: str, spec: SlotSpec) -> tuple[Entry, bool]:
    """The slot, and whether it is new. Raises Refused, or OSError where it cannot be kept."""
    if spec.exchange == "paper" and settings.paper_exchange_url is None:
        raise Refused(AgentErrorCode.INVALID_SPEC, "this pool has no paper exchange", field="exchange")
    async with keeper.lock(bot_id):
        created = bot_id not in keeper.entries
        _check_epoch(keeper, bot_id, spec.epoch)
        _check_generation(keeper, bot_id, spec)
        if created and keeper.taken >= settings.slots_total:
            message = f"all {settings.slots_total} slots of this pool are taken"
            raise Refused(AgentErrorCode.POOL_FULL, message, slots_total=settings.slots_total)
        before = None if created else keeper.entries[bot_id].facts.spec.policy
        entry = await keeper.change(bot_id, lambda facts: table.put(facts, bot_id, spec))
        if spec.credentials is not None:
            _take_credentials(entry, spec.credentials)
        if spec.policy not in (None, before):
            _hand_out(keeper, entry)
        keeper.apply(entry)
        return entry, created


async def put_policy(keeper: Keeper, bot_id: str, epoch: int, policy: PolicyInForce) -> None:
    """Keeps other universal rules for the bot, and tells it once they are on disk. Raises Refused, or OSError."""
    async with keeper.lock(bot_id):
        _known(keeper, bot_id, epoch)
        entry = await keeper.change(bot_id, lambda facts: table.keep_policy(_present(facts, bot_id), policy))
        _hand_out(keeper, entry)


async def delete_slot(keeper: Keeper, bot_id: str, epoch: int) -> bool:
    """Stops and archives a bot; True once it is gone. A directory that was moved here and never got a slot is archived
    too. Raises Refused, or OSError."""
    async with keeper.lock(bot_id):
        if bot_id not in keeper.entries and await transfer.put_away(keeper, bot_id, epoch):
            return True
        if bot_id in keeper.deleted and bot_id not in keeper.entries:
            if epoch < keeper.deleted[bot_id]:
                raise stale_epoch(bot_id, epoch, keeper.deleted[bot_id])
            return True
        _known(keeper, bot_id, epoch)
        entry = await keeper.change(bot_id, lambda facts: table.delete(_present(facts, bot_id)))
        keeper.apply(entry)
        return bot_id not in keeper.entries


async def restart_slot(keeper: Keeper, bot_id: str, epoch: int) -> None:
    """A fresh process, out of quarantine too. Raises Refused, or OSError."""
    async with keeper.lock(bot_id):
        _known(keeper, bot_id, epoch)
        entry = await keeper.change(bot_id, lambda facts: table.restart(_present(facts, bot_id)))
        keeper.apply(entry)


def _take_credentials(entry: Entry, credentials: ExchangeCredentials) -> None:
    """Kept in memory alone. A process that runs with others, or that was started by an agent before this one, is
    replaced: the exchange may not take what it has any more."""
    if entry.credentials != credentials:
        entry.facts = table.restart(entry.facts)
    entry.credentials = credentials


def _hand_out(keeper: Keeper, entry: Entry) -> None:
    policy = entry.facts.spec.policy
    if policy is None:
        return
    # Here and not in a thread: the files of a start are written by the event loop, too, maybe in this very moment.
    write_policy(keeper.directory, entry.bot_id, policy)
    if entry.connection is not None:
        entry.connection.send(PolicyFrame(policy=policy))


def _known(keeper: Keeper, bot_id: str, epoch: int) -> None:
    if bot_id not in keeper.entries:
        raise slot_not_found(bot_id)
    _check_epoch(keeper, bot_id, epoch)


def _present(facts: SlotFacts | None, bot_id: str) -> SlotFacts:
    if facts is None:
        raise slot_not_found(bot_id)
    return facts


def _check_epoch(keeper: Keeper, bot_id: str, epoch: int) -> None:
    entry = keeper.entries.get(bot_id)
    if entry is not None:
        if epoch < entry.facts.spec.epoch:
            raise stale_epoch(bot_id, epoch, entry.facts.spec.epoch)
    elif epoch <= keeper.deleted.get(bot_id, 0):
        raise stale_epoch(bot_id, epoch, keeper.deleted[bot_id])


def _check_generation(keeper: Keeper, bot_id: str, spec: SlotSpec) -> None:
    """What a control plane that leads no more sent long ago must not undo what its successor sent."""
    entry = keeper.entries.get(bot_id)
    if entry is None or spec.epoch > entry.facts.spec.epoch:
        return
    if spec.generation < entry.facts.spec.generation:
        raise stale_generation(bot_id, spec.epoch, spec.generation, entry.facts.spec.generation)

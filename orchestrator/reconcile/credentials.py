"""Exchange keys on their way to bots: opened at the moment of sending, for the one request that carries them.

They are nowhere else: not in what is rendered and remembered, not in what the plan goes by, which knows a key by its id
and version alone. Each handing out is in the audit before it happens.

Where key-encryption keys come from may be slow to tell. Whoever wants to know whether keys can be opened gets the last
answer then, and it is asked in the background: bots that need none are not held up by it.
"""

import asyncio
from collections.abc import Mapping

from orchestrator.bots import repository
from orchestrator.bots.live import KeyOfBot
from orchestrator.db.engine import Database
from orchestrator.errors import KeyRejected, KeysLocked
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.vault import Vault
from pool.contract.slots import ExchangeCredentials

_WAIT_SECONDS = 0.25
STILL_ASKED = "The key-encryption key of its exchange key is still being asked for."
"""What `problems` tells until the first answer: the bot waits, but nothing is wrong yet."""


class Credentials:
    """`vault` None: this control plane has no keys, and live bots are told so."""

    def __init__(self, database: Database, vault: Vault | None) -> None:
        self._database = database
        self._vault = vault
        self._asking: asyncio.Task[None] | None = None
        self._locked: dict[str, str | None] = {}
        """By key-encryption key why it was not to be had when it was asked for last; None where it was."""
        self._unfit: dict[str, tuple[KeyOfBot, str]] = {}
        """By bot the key that could not be given although its key-encryption key is at hand, and why: it is damaged, or
        not the owner's. It is told, and not tried again before it is another one."""

    async def give(self, key: KeyOfBot, bot_id: str, pool_id: str) -> ExchangeCredentials:
        """For a bot in a pool. A key is its owner's bots' alone, whatever wallet is said to be of its account. Raises
        NotFound, KeyRejected, KeysLocked; nothing was handed out then."""
        vault = self._vault or Vault(None, "")
        locked = await vault.locked({key.kek_id})  # so that nothing is waited for in the transaction
        if locked:
            raise KeysLocked(locked[key.kek_id])
        async with self._database.unit_of_work() as session:
            row = await service.hand_out(session, key.id, bot_id, pool_id)
            bot = (await repository.owners(session, [bot_id])).get(bot_id)
            try:
                if bot is None or bot.owner_id != row.owner_id:
                    raise KeyRejected("This exchange key is not of the bot's owner.", field="key")
                return await vault.open(row.sealed, row.context)
            except (KeyRejected, KeysLocked) as error:
                self._unfit[bot_id] = (key, error.message)
                raise

    async def problems(self, keys: Mapping[str, KeyOfBot]) -> dict[str, str]:
        """By bot, why its key cannot be used now, in a sentence; bots whose key can are absent."""
        found = {bot_id: key.problem for bot_id, key in keys.items() if key.problem is not None}
        waiting = {bot_id: key for bot_id, key in keys.items() if bot_id not in found}
        if waiting:
            await self._ask({key.kek_id for key in waiting.values()})
            told = {bot_id: self._locked.get(key.kek_id, STILL_ASKED) for bot_id, key in waiting.items()}
            found |= {bot_id: why for bot_id, why in told.items() if why is not None}
        self._unfit = {bot_id: (key, why) for bot_id, (key, why) in self._unfit.items() if keys.get(bot_id) == key}
        return {bot_id: why for bot_id, (_, why) in self._unfit.items()} | found

    async def _ask(self, wanted: set[str]) -> None:
        """Does not wait for a slow answer."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._find(wanted), name="key-encryption-keys")
        await asyncio.wait((self._asking,), timeout=_WAIT_SECONDS)
        if self._asking.done():
            asked, self._asking = self._asking, None
            asked.result()

    async def _find(self, wanted: set[str]) -> None:
        locked = await (self._vault or Vault(None, "")).locked(wanted)
        self._locked = {kek_id: locked.get(kek_id) for kek_id in wanted}

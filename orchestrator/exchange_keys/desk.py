"""What is needed to work with exchange keys, in one place: the vault that seals them, who asks exchanges about them,
and where accounts of the paper exchange come from.

`examine` and `enter` are the only way in: no key is sealed that its exchange was not asked about first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.db.engine import Database
from orchestrator.errors import KeysLocked
from orchestrator.exchange_keys import care, service
from orchestrator.exchange_keys.facts import ExchangeChecks, KeyFacts, accept
from orchestrator.exchange_keys.models import ExchangeKeyModel, context_of
from orchestrator.exchange_keys.service import Entry
from orchestrator.exchange_keys.vault import Vault, counted, kek_ids
from orchestrator.kit.clock import utc_now
from orchestrator.kit.ids import new_id
from pool.contract.slots import ExchangeCredentials


class PaperAccounts(Protocol):
    """Accounts of the paper exchange."""

    async def open(self, balances: Mapping[str, Decimal], futures: Decimal) -> ExchangeCredentials:
        """A key of a new account with these balances, and with `futures` of USDT as margin. Raises
        ExchangeUnreachable."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A key as somebody enters it; its secrets show nowhere."""

    exchange: str
    name: str
    credentials: ExchangeCredentials
    rotate_after: datetime | None


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """How the key-encryption keys (KEKs) are."""

    source: str
    """Where they come from."""
    problem: str | None
    """Why some exchange key cannot be opened, in a sentence; None where all can."""
    at_hand: list[str]
    """Names of KEKs, the newest first."""
    wrapping: Mapping[str, int]
    """How many exchange keys each wraps."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did."""

    new_kek: str | None
    """The name of the KEK that was made; None where its source is somebody else's."""
    rewrapped: int
    damaged: int
    """How many exchange keys cannot be opened although their KEK is there: each has to be replaced."""
    locked: int
    """How many are under KEKs that are not there: each has to be replaced."""


class KeyDesk:
    """`database` is the control plane's own, without anybody's reach: what concerns all tenants' keys goes there."""

    def __init__(self, database: Database, vault: Vault, checks: ExchangeChecks, paper: PaperAccounts) -> None:
        self._database = database
        self.vault = vault
        self.checks = checks
        self.paper = paper

    def fingerprint(self, offered: Offered) -> str:
        return self.vault.fingerprint("key", offered.exchange, offered.credentials.key.get_secret_value())

    async def examine(self, offered: Offered) -> KeyFacts:
        """Asks the exchange, and for what the key will be sealed with; takes its time. Raises KeyRejected,
        ExchangeUnreachable, KeysLocked."""
        facts = await self.checks.check(offered.exchange, offered.credentials)
        accept(facts)
        await self.vault.refresh()
        return facts

    async def enter(
        self, session: AsyncSession, owner_id: str, offered: Offered, facts: KeyFacts, by: By
    ) -> ExchangeKeyModel:
        """A new key, which was examined. Raises Conflict, InvalidSpec, KeysLocked."""
        account = self._account(offered, facts)
        before = await service.former(session, owner_id, offered.exchange, account)
        key_id, version = (new_id("key"), 1) if before is None else (before.id, before.version + 1)
        entry = await self._entry(owner_id, key_id, version, offered, facts)
        return await service.add(session, owner_id, key_id, version, entry, by)

    async def replace(
        self, session: AsyncSession, key_id: str, offered: Offered, facts: KeyFacts, by: By
    ) -> ExchangeKeyModel:
        """The key's next version, which was examined. Raises NotFound, KeyRejected, Conflict, KeysLocked."""
        present = await service.get(session, key_id)
        entry = await self._entry(present.owner_id, key_id, present.version + 1, offered, facts)
        return await service.replace(session, key_id, present.version + 1, entry, by)

    async def check_again(self, key: ExchangeKeyModel, by: By) -> None:
        """Asks its exchange about the key as it is, and notes what it told. Raises KeysLocked, ExchangeUnreachable."""
        await care.check_again(self._database, self.vault, self.checks, key, utc_now(), by)

    async def status(self) -> VaultStatus:
        async with self._database.read() as session:
            wrapping = await counted(session)
        problem = await self.vault.problem(wrapping.keys())
        try:
            at_hand = await self.vault.ids()
        except KeysLocked as error:
            at_hand, problem = [], problem or error.message
        return VaultStatus(self.vault.source_name, problem, at_hand, wrapping)

    async def rotate(self, by: By, *, lost: bool) -> Rotation:
        """A new KEK, and every data key wrapped by it; nothing that is sealed is touched, and whoever reads meanwhile
        finds it under the one or the other. Where KEKs come from elsewhere, the newest there is the new one. Raises
        KeysLocked, Conflict."""
        async with self._database.read() as session:
            used = set(await kek_ids(session))
        made = await self.vault.new_kek(used, lost=lost)
        ring = await self.vault.refresh()
        at_hand = ring.ids
        async with self._database.unit_of_work() as session:
            rewrapped, damaged = await self.vault.rewrap(session, ring)
            locked = sum(count for kek_id, count in (await counted(session)).items() if kek_id not in at_hand)
            after = {"kek": at_hand[0], "rewrapped": rewrapped, "damaged": damaged, "locked": locked, "lost": lost}
            audit.record(session, by.actor, "exchange_key.rotate", "exchange-keys", by.why, None, after)
        return Rotation(made, rewrapped, damaged, locked)

    def _account(self, offered: Offered, facts: KeyFacts) -> str | None:
        if facts.account is None:
            return None
        return self.vault.fingerprint("account", offered.exchange, facts.account)

    async def _entry(self, owner_id: str, key_id: str, version: int, offered: Offered, facts: KeyFacts) -> Entry:
        return Entry(
            exchange=offered.exchange,
            name=offered.name,
            sealed=await self.vault.seal(offered.credentials, context_of(owner_id, key_id, version)),
            fingerprint=self.fingerprint(offered),
            account=self._account(offered, facts),
            facts=facts,
            rotate_after=offered.rotate_after,
        )

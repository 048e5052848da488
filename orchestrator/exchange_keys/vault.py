"""The vault: seals and opens exchange keys with the key-encryption keys (KEKs) of `kit.kek_source`.

A KEK is made by itself only where none is there and nothing is sealed yet. One that is missing, damaged or another than
the one that something was sealed with is told in one sentence with the remedy, and nothing is done about it: putting it
back makes all well at once. Only an administrator who says that it is lost gets a new one in its place
(`new_kek(lost=True)`), and then keys are entered again one by one.

A source may take half a minute to answer (a command that asks elsewhere). So it is read before a transaction begins in
which something is sealed, wrapped or opened (`refresh`, `locked`), never within one.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from loguru import logger
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.errors import Conflict, KeysLocked
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.kit.kek_source import KekMissing, KekSource, KekTrouble
from orchestrator.kit.sealing import Kek, Keyring, Sealed, Tampered
from pool.contract.slots import ExchangeCredentials

_PURPOSE = b"flotilla exchange key fingerprints"
_FINGERPRINT_LENGTH = 32
_QUIET_SECONDS = 2.0
"""Between two tries to find a KEK that is not there; longer where a try takes longer."""
_LOST = (
    "Put it back from where you keep a copy. If it is lost for good, `flotilla keys rotate --lost` makes another one, "
    "and every exchange key has to be replaced (`flotilla keys replace`)."
)


class Vault:
    """`source` None: this process has no keys. `secret` is the installation's, for fingerprints."""

    def __init__(self, source: KekSource | None, secret: str) -> None:
        self._source = source
        self._fingerprints = hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()
        self._ring: Keyring | None = None
        self._trouble: KekTrouble | None = None
        self._missing: set[str] = set()
        self._quiet_until = 0.0
        self._reading = asyncio.Lock()

    @property
    def source_name(self) -> str:
        return "nowhere" if self._source is None else self._source.name

    def fingerprint(self, *parts: str) -> str:
        """Tells such parts from others, and nothing of them."""
        content = json.dumps(parts).encode()
        return hmac.new(self._fingerprints, content, hashlib.sha256).hexdigest()[:_FINGERPRINT_LENGTH]

    def forget(self) -> None:
        """What was read before: it is read anew."""
        self._ring, self._quiet_until = None, 0.0

    async def prepare(self, used: AbstractSet[str]) -> None:
        """Makes the first KEK where nothing is sealed yet (`used`, the `kek_ids`, is empty) and the source takes one.
        Never raises for a KEK that cannot be had: `problem` tells."""
        try:
            await self._read()
        except KekMissing:
            if self._source is None or not self._source.can_add or used:
                return
            try:
                await asyncio.to_thread(self._source.add, Kek.new(), first=True)
            except KekTrouble as error:
                logger.error("exchange keys cannot be kept: {}", error)
                return
            logger.info("made a key-encryption key in {}: keep a copy of it, apart from backups", self.source_name)
        except KekTrouble as error:
            logger.error("exchange keys cannot be used: {}", error)

    async def problem(self, used: AbstractSet[str]) -> str | None:
        """Why some exchange key could not be used now, in a sentence; None where all can, or there is none. `used` are
        the `kek_ids`."""
        return next(iter((await self.locked(used)).values()), None)

    async def locked(self, wanted: AbstractSet[str]) -> dict[str, str]:
        """Of these KEKs those that are not to be had, each with why, in a sentence."""
        if not wanted:
            return {}
        try:
            ring = await self._having(wanted)
        except KekTrouble as error:
            return dict.fromkeys(sorted(wanted), _told(str(error)))
        return {kek_id: _other_kek(kek_id) for kek_id in sorted(wanted) if kek_id not in ring}

    async def refresh(self) -> Keyring:
        """Reads the KEKs anew: what wraps from now on shall be what is newest now. Raises KeysLocked."""
        try:
            async with self._reading:
                self._ring, self._trouble = await self._read(), None
                return self._ring
        except KekTrouble as error:
            raise KeysLocked(_told(str(error))) from None

    async def seal(self, credentials: ExchangeCredentials, context: Sequence[str]) -> Sealed:
        """With the KEK that was the newest at the last `refresh`. Raises KeysLocked."""
        ring = await self.refresh() if self._ring is None else self._ring
        return ring.seal(_plain(credentials), context)

    async def open(self, sealed: Sealed, context: Sequence[str]) -> ExchangeCredentials:
        """Raises KeysLocked."""
        ring = await self._have(sealed.kek_id)
        try:
            return ExchangeCredentials.model_validate_json(ring.open(sealed, context))
        except Tampered:
            raise KeysLocked(
                "The exchange key was damaged in the database, or put there from elsewhere: replace it "
                "(`flotilla keys replace`)."
            ) from None

    async def ids(self) -> list[str]:
        """Names of the KEKs at hand, newest first. Raises KeysLocked."""
        return (await self.refresh()).ids

    async def new_kek(self, used: AbstractSet[str], *, lost: bool) -> str | None:
        """Adds a KEK, which wraps from now on; its name, or None where the source is somebody else's, who has put a
        new one there. `used` are the `kek_ids`. Raises KeysLocked where one is missing, unless it is said to be `lost`;
        Conflict where nothing is."""
        problem = await self.problem(used)
        if problem is not None and not lost:
            raise KeysLocked(problem)
        if problem is None and lost:
            raise Conflict("No key-encryption key is lost: every exchange key can be opened.", field="lost")
        if self._source is None or not self._source.can_add:
            self.forget()
            return None
        made = Kek.new()
        try:
            await asyncio.to_thread(self._source.add, made)
        except KekTrouble as error:
            raise KeysLocked(_told(str(error))) from None
        self.forget()
        return made.id

    async def rewrap(self, session: AsyncSession, ring: Keyring) -> tuple[int, int]:
        """Wraps anew, with the ring's newest KEK, every data key that another one of it wraps; how many were, and how
        many are damaged. What is sealed is not touched."""
        query = (
            select(ExchangeKeyModel)
            .where(col(ExchangeKeyModel.kek_id).in_([kek_id for kek_id in ring.ids if kek_id != ring.newest.id]))
            .order_by(col(ExchangeKeyModel.id))
            .with_for_update()
        )
        wrapped = damaged = 0
        for key in (await session.exec(query)).all():
            try:
                key.take_seal(ring.rewrap(key.sealed, key.context))
            except Tampered:
                damaged += 1
                continue
            session.add(key)
            wrapped += 1
        await session.flush()
        return wrapped, damaged

    async def _have(self, kek_id: str) -> Keyring:
        try:
            ring = await self._having([kek_id])
        except KekTrouble as error:
            raise KeysLocked(_told(str(error))) from None
        if kek_id not in ring:
            raise KeysLocked(_other_kek(kek_id))
        return ring

    async def _having(self, wanted: Iterable[str]) -> Keyring:
        """Read anew where one of these is not known yet; not again and again while it stays away. Who wants only what
        is known does not wait for others' reading."""
        wanted = list(wanted)
        if self._ring is not None and all(kek_id in self._ring for kek_id in wanted):
            return self._ring
        async with self._reading:
            missing = {kek_id for kek_id in wanted if self._ring is None or kek_id not in self._ring}
            if self._ring is not None and not missing:
                return self._ring
            if time.monotonic() < self._quiet_until and missing <= self._missing:
                return self._known()
            began = time.monotonic()
            try:
                self._ring, self._trouble = await self._read(), None
            except KekTrouble as error:
                self._ring, self._trouble = None, error
            ended = time.monotonic()
            self._missing, self._quiet_until = missing, ended + max(_QUIET_SECONDS, ended - began)
            return self._known()

    def _known(self) -> Keyring:
        """What was found last. Raises KekTrouble."""
        if self._ring is None:
            raise self._trouble or KekTrouble("No key-encryption key was read yet.")
        return self._ring

    async def _read(self) -> Keyring:
        if self._source is None:
            raise KekTrouble("This process has no key-encryption key.")
        return await asyncio.to_thread(self._source.read)


async def kek_ids(session: AsyncSession) -> list[str]:
    """Names of the KEKs that something is sealed with, of all tenants."""
    query = select(ExchangeKeyModel.kek_id).where(col(ExchangeKeyModel.kek_id) != "").distinct()
    return sorted((await session.exec(query)).all())


async def counted(session: AsyncSession) -> dict[str, int]:
    """How many exchange keys each KEK wraps."""
    query = (
        select(ExchangeKeyModel.kek_id, func.count())
        .where(col(ExchangeKeyModel.kek_id) != "")
        .group_by(col(ExchangeKeyModel.kek_id))
    )
    return dict((await session.exec(query)).all())


def _plain(credentials: ExchangeCredentials) -> bytes:
    return credentials.to_json(reveal_secrets=True)


def _told(trouble: str) -> str:
    return f"{trouble} Exchange keys cannot be opened without it. {_LOST}"


def _other_kek(kek_id: str) -> str:
    return f"The key-encryption key is another one: exchange keys were sealed with {kek_id}. {_LOST}"

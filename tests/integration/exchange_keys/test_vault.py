"""Where exchange keys lie: sealed in the database, their key elsewhere; and what happens when that one is lost."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.bots.live import KeyOfBot
from orchestrator.db.backup import backup
from orchestrator.errors import Conflict, KeyRejected, KeysLocked
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.desk import KeyDesk, Offered
from orchestrator.exchange_keys.models import ExchangeKeyModel, context_of
from orchestrator.exchange_keys.vault import Vault, kek_ids
from orchestrator.kit.kek_source import FileSource
from orchestrator.kit.sealing import Kek, Keyring
from orchestrator.reconcile.credentials import Credentials
from orchestrator.tables import tables
from tests.fakes.exchange_keys import FakeChecks, FakePaper, credentials, desk_at
from tests.integration.orchestrator.rig import OWNER, Rig, rig_at

BY = By(OWNER)
KEY, SECRET, PASSPHRASE = "public-part-4711", "planted-secret-0815", "planted-passphrase"
KEK = "key-encryption-key"


async def enter(rig: Rig, desk: KeyDesk, name: str = "main", key: str = KEY, secret: str = SECRET) -> ExchangeKeyModel:
    offered = Offered("binance", name, credentials(key, secret, PASSPHRASE), None)
    facts = await desk.examine(offered)
    async with rig.database.unit_of_work() as session:
        return await desk.enter(session, OWNER, offered, facts, BY)


async def prepared(rig: Rig, home: Path, checks: FakeChecks | None = None) -> KeyDesk:
    """As a start of the control plane has it."""
    desk = desk_at(rig.database, home, checks)
    async with rig.database.read() as session:
        used = set(await kek_ids(session))
    await desk.vault.prepare(used)
    return desk


async def problem(rig: Rig, desk: KeyDesk) -> str | None:
    async with rig.database.read() as session:
        used = set(await kek_ids(session))
    return await desk.vault.problem(used)


async def opened(rig: Rig, desk: KeyDesk, key_id: str) -> str:
    async with rig.database.read() as session:
        key = await service.get(session, key_id)
    return (await desk.vault.open(key.sealed, key.context)).secret.get_secret_value()


async def test_nothing_readable_is_in_database_log_audit_or_backup(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        desk = await prepared(rig, tmp_path)
        key = await enter(rig, desk)
        assert await opened(rig, desk, key.id) == SECRET
        async with rig.database.unit_of_work() as session:
            await service.hand_out(session, key.id, "bot-1", "pool-1")
        await backup(rig.settings.url, tmp_path / "backup", tables())
        async with rig.database.engine.connect() as connection:
            await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        kek = (tmp_path / KEK).read_text().strip()
        for file in tmp_path.rglob("*"):
            content = file.read_bytes() if file.is_file() else b""
            for secret in (KEY, SECRET, PASSPHRASE):
                assert secret.encode() not in content, file
            assert file.name == KEK or kek.encode() not in content, file
        assert SECRET not in repr(key)
        async with rig.database.read() as session:
            rows = (await audit.list_(session, limit=10, subject=service.subject(key.id))).items
        assert {row.action for row in rows} == {"exchange_key.add", "exchange_key.use"}
        assert rows[0].after == {"bot_id": "bot-1", "pool_id": "pool-1", "version": 1}


async def test_a_seal_belongs_to_its_owner_key_and_version(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        desk = await prepared(rig, tmp_path)
        key = await enter(rig, desk)
        for other in (
            context_of("user-two", key.id, 1),
            context_of(OWNER, "key-other", 1),
            context_of(OWNER, key.id, 2),
        ):
            with pytest.raises(KeysLocked, match="replace it"):
                await desk.vault.open(key.sealed, other)


@pytest.mark.parametrize("harm", ["missing", "damaged", "another", "open to all"])
async def test_a_kek_that_is_not_right_is_told_and_never_replaced_by_itself(tmp_path: Path, harm: str) -> None:
    async with rig_at(tmp_path) as rig:
        key = await enter(rig, await prepared(rig, tmp_path))
        file = tmp_path / KEK
        kept = file.read_bytes()
        harmed: dict[str, Any] = {"damaged": "not a key", "another": Kek.new().text}
        if harm == "missing":
            file.unlink()
        elif harm == "open to all":
            file.chmod(0o666)
        else:
            file.write_text(harmed[harm])
        before = file.read_bytes() if file.exists() else None

        desk = await prepared(rig, tmp_path)

        assert (file.read_bytes() if file.exists() else None) == before
        told = await problem(rig, desk)
        assert told is not None
        assert "key-encryption key" in told
        assert "flotilla keys rotate --lost" in told
        assert (await desk.status()).problem is not None
        with pytest.raises(KeysLocked) as refused:
            await opened(rig, desk, key.id)
        assert "Traceback" not in str(refused.value)
        with pytest.raises(KeysLocked):
            await desk.rotate(BY, lost=False)

        file.write_bytes(kept)
        file.chmod(0o600)
        desk.vault.forget()
        assert await problem(rig, desk) is None
        assert await opened(rig, desk, key.id) == SECRET


async def test_rotation_wraps_anew_without_touching_what_is_sealed(tmp_path: Path, database_url: str) -> None:
    async with rig_at(tmp_path, database_url=database_url) as rig:
        desk, elsewhere = await prepared(rig, tmp_path), await prepared(rig, tmp_path)
        keys = [await enter(rig, desk, f"key-{number}", f"public-{number}") for number in range(3)]
        assert await opened(rig, elsewhere, keys[0].id) == SECRET
        (before,) = (await desk.status()).at_hand

        done = await desk.rotate(BY, lost=False)

        assert (done.rewrapped, done.damaged, done.locked) == (3, 0, 0)
        status = await desk.status()
        assert status.at_hand == [done.new_kek, before]
        assert status.wrapping == {done.new_kek: 3}
        async with rig.database.read() as session:
            for key in keys:
                now = await service.get(session, key.id)
                assert now.ciphertext == key.ciphertext
                assert now.wrapped_key != key.wrapped_key
        for one in (desk, elsewhere):  # another process finds the new one by itself
            assert await opened(rig, one, keys[1].id) == SECRET
        (tmp_path / KEK).write_text((tmp_path / KEK).read_text().splitlines()[0])
        assert await opened(rig, await prepared(rig, tmp_path), keys[2].id) == SECRET
        with pytest.raises(Conflict, match="lost"):
            await desk.rotate(BY, lost=True)


async def test_a_lost_kek_is_replaced_on_demand_and_keys_one_by_one(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        key = await enter(rig, await prepared(rig, tmp_path))
        (tmp_path / KEK).unlink()
        desk = await prepared(rig, tmp_path)
        done = await desk.rotate(BY, lost=True)
        assert (done.rewrapped, done.locked) == (0, 1)
        assert await problem(rig, desk) is not None
        offered = Offered("binance", key.name, credentials(KEY, "another-secret"), None)
        async with rig.database.unit_of_work() as session:
            await desk.replace(session, key.id, offered, await desk.examine(offered), BY)
        assert await problem(rig, desk) is None
        assert await opened(rig, desk, key.id) == "another-secret"


async def test_a_damaged_row_is_told_and_keeps_no_other_from_its_new_wrapping(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        desk = await prepared(rig, tmp_path)
        one, two = await enter(rig, desk, "one", "public-1"), await enter(rig, desk, "two", "public-2")
        async with rig.database.unit_of_work() as session:
            (await session.get_one(ExchangeKeyModel, one.id)).wrapped_key = two.wrapped_key
        done = await desk.rotate(BY, lost=False)
        assert (done.rewrapped, done.damaged) == (1, 1)
        assert await opened(rig, desk, two.id) == SECRET
        with pytest.raises(KeysLocked, match="damaged"):
            await opened(rig, desk, one.id)


async def test_a_key_is_of_one_account_for_good_and_there_once(tmp_path: Path, database_url: str) -> None:
    async with rig_at(tmp_path, database_url=database_url) as rig:
        checks = FakeChecks()
        desk = await prepared(rig, tmp_path, checks)
        for key in ("a1", "a2"):
            checks.tell(key, account="a")
        first = await enter(rig, desk, "first", "a1")
        for name, key in (("other", "a1"), ("other", "a2"), ("first", "b1")):
            with pytest.raises(Conflict):
                await enter(rig, desk, name, key)
        async with rig.database.unit_of_work() as session:
            offered = Offered("binance", "first", credentials("b1", SECRET), None)
            with pytest.raises(KeyRejected, match="another account"):
                await desk.replace(session, first.id, offered, await desk.examine(offered), BY)
        async with rig.database.unit_of_work() as session:
            offered = Offered("binance", "first", credentials("a2", "newer"), None)
            second = await desk.replace(session, first.id, offered, await desk.examine(offered), BY)
        assert (second.id, second.version) == (first.id, 2)
        assert await opened(rig, desk, first.id) == "newer"


async def test_a_removed_key_leaves_no_secret_and_its_place_to_the_next_of_its_account(
    tmp_path: Path, database_url: str
) -> None:
    async with rig_at(tmp_path, database_url=database_url) as rig:
        checks = FakeChecks()
        desk = await prepared(rig, tmp_path, checks)
        for key in ("a1", "a2"):
            checks.tell(key, account="a")
        first = await enter(rig, desk, "first", "a1")
        async with rig.database.unit_of_work() as session:
            with pytest.raises(Conflict, match="trend-1"):
                await service.remove(session, first.id, ["trend-1"], BY)
            await service.remove(session, first.id, [], BY)
        async with rig.database.read() as session:
            row = await session.get_one(ExchangeKeyModel, first.id)
            assert (row.wrapped_key, row.ciphertext, row.kek_id, row.state) == ("", "", "", "removed")
        again = await enter(rig, desk, "again", "a2")
        assert (again.id, again.version, again.state, again.removed_at) == (first.id, 2, "active", None)


class SlowSource:
    """Of a file, by a command that takes half a minute on a clock of its own; `open` is how many transactions were, at
    each reading."""

    name, can_add = "a slow command", True

    def __init__(self, home: Path, rig: Rig) -> None:
        self._file, self._rig = FileSource(home / KEK, made_here=True), rig
        self.now = 1000.0
        self.open: list[int] = []

    def read(self) -> Keyring:
        self.now += 30
        self.open.append(self._rig.database.readings().in_use)
        return self._file.read()

    def add(self, kek: Kek, *, first: bool = False) -> None:
        self.open.append(self._rig.database.readings().in_use)
        self._file.add(kek, first=first)


async def test_no_transaction_waits_for_a_slow_source(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        await prepared(rig, tmp_path)
        source = SlowSource(tmp_path, rig)
        desk = KeyDesk(rig.database, Vault(source, "s"), FakeChecks(), FakePaper())
        key = await enter(rig, desk)
        offered = Offered("binance", key.name, credentials(KEY, "another-secret"), None)
        facts = await desk.examine(offered)
        async with rig.database.unit_of_work() as session:
            await desk.replace(session, key.id, offered, facts, BY)
        await desk.rotate(BY, lost=False)
        await desk.status()
        async with rig.database.read() as session:
            (kek_id,) = await kek_ids(session)
            assert rig.database.readings().in_use == 1, "a transaction is seen"
        desk.vault.forget()
        wanted = KeyOfBot(key.id, 2, kek_id, None)
        given = await Credentials(rig.database, desk.vault).give(wanted, (await rig.create()).id, "pool-1")
        assert given.secret.get_secret_value() == "another-secret"
        assert len(source.open) == 6
        assert not any(source.open), source.open


async def test_a_slow_source_is_left_in_peace_after_a_try_in_vain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with rig_at(tmp_path) as rig:
        await prepared(rig, tmp_path)
        source = SlowSource(tmp_path, rig)
        vault = Vault(source, "s")
        monkeypatch.setattr("orchestrator.exchange_keys.vault.time", SimpleNamespace(monotonic=lambda: source.now))
        for _ in range(3):
            assert await vault.locked({"kek-gone"})
        assert len(source.open) == 1
        source.now += 31
        await vault.locked({"kek-gone"})
        assert len(source.open) == 2

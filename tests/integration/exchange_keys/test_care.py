"""What is done about keys without anybody asking, and what a control plane says that has lost its key."""

from datetime import timedelta
from pathlib import Path

from orchestrator.__main__ import ControlPlane
from orchestrator.audit.service import By
from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys import service
from orchestrator.exchange_keys.care import Notice, look_after
from orchestrator.exchange_keys.desk import KeyDesk, Offered
from orchestrator.exchange_keys.facts import KeyFacts
from orchestrator.exchange_keys.models import ExchangeKeyModel
from orchestrator.exchange_keys.vault import kek_ids
from orchestrator.kit.clock import utc_now
from orchestrator.settings import OrchestratorSettings
from tests.fakes.exchange_keys import TRADES, FakeChecks, credentials, desk_at
from tests.integration.orchestrator.rig import OWNER, Rig, rig_at

BY = By(OWNER)


class Care:
    """A key that ends in ten days, and whose owner wants to be reminded in nine."""

    def __init__(self, rig: Rig, desk: KeyDesk, checks: FakeChecks, key: ExchangeKeyModel) -> None:
        self.rig, self.desk, self.checks, self.key = rig, desk, checks, key
        self.began = key.created_at

    @classmethod
    async def begin(cls, rig: Rig, home: Path) -> "Care":
        checks = FakeChecks()
        desk, now = desk_at(rig.database, home, checks), utc_now()
        checks.facts["k"] = KeyFacts(TRADES, "account", True, now + timedelta(days=10))
        offered = Offered("binance", "main", credentials("k", "s"), now + timedelta(days=9))
        async with rig.database.read() as session:
            used = set(await kek_ids(session))
            await desk.vault.prepare(used)
        async with rig.database.unit_of_work() as session:
            key = await desk.enter(session, OWNER, offered, await desk.examine(offered), BY)
        return cls(rig, desk, checks, key)

    async def after(self, **ahead: int) -> list[str]:
        """Kinds of what its owner hears when it is looked after so long after that."""
        heard: list[Notice] = []

        async def tell(notice: Notice) -> None:
            heard.append(notice)

        await look_after(self.rig.database, self.desk.vault, self.checks, self.began + timedelta(**ahead), tell)
        assert all(one.owner_id == OWNER for one in heard)
        return [one.kind for one in heard]

    async def state(self) -> str:
        async with self.rig.database.read() as session:
            return (await service.get(session, self.key.id)).state


async def test_reminders_come_once_each(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        care = await Care.begin(rig, tmp_path)
        assert await care.after() == ["key.expires"]
        assert await care.after(hours=1) == []
        assert await care.after(days=8) == ["key.expires"]
        assert await care.after(days=9) == ["key.rotate"]
        assert await care.after(days=9, hours=1) == []
        care.checks.problems["k"] = ExchangeUnreachable("It does not answer.")
        assert await care.after(days=10) == ["key.expired"]
        assert await care.state() == "expired"
        assert await care.after(days=30) == []
        del care.checks.problems["k"]
        assert await care.after(days=30, hours=1) == []
        assert await care.state() == "expired", "although its exchange still tells what it may do"
        care.checks.facts["k"] = KeyFacts(TRADES, "account", True, care.began + timedelta(days=90))
        assert await care.after(days=32) == [], "it was renewed at the exchange"
        assert await care.state() == "active"
        assert await care.after(days=80) == ["key.expires"]


async def test_a_key_is_asked_about_every_day_and_told_when_it_is_refused(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        care = await Care.begin(rig, tmp_path)
        await care.after(hours=1)
        assert care.checks.asked == ["k"], "it was asked about when it was entered"
        care.checks.problems["k"] = KeyRejected("It was deleted.", field="key")
        assert await care.after(days=1, hours=1) == ["key.refused"]
        assert await care.state() == "refused"
        assert await care.after(days=1, hours=2) == [], "told once"
        del care.checks.problems["k"]
        await care.after(days=1, hours=3)
        assert await care.state() == "active"


async def test_a_control_plane_without_its_key_starts_and_says_so(tmp_path: Path) -> None:
    async with rig_at(tmp_path) as rig:
        await Care.begin(rig, tmp_path)
        kept = (tmp_path / "key-encryption-key").read_bytes()
        (tmp_path / "key-encryption-key").unlink()
    control = ControlPlane(OrchestratorSettings(home=tmp_path, paper_exchange=False, gateway=False), drivers={})
    await control.start()
    try:
        told = (await control.readiness())["exchange-keys"]
        assert told is not None
        assert "missing" in told
        assert str(tmp_path) not in told, "everybody may read it"
        assert not (tmp_path / "key-encryption-key").exists()
        (tmp_path / "key-encryption-key").write_bytes(kept)
        (tmp_path / "key-encryption-key").chmod(0o600)
        control.keys.vault.forget()
        assert "exchange-keys" not in await control.readiness()
    finally:
        await control.stop(pools=False)

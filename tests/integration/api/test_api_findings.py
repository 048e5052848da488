"""Findings over HTTP: their owner and administrators see and settle them, and nobody else knows of them."""

from datetime import timedelta
from decimal import Decimal

from orchestrator.audit import service as audit
from orchestrator.bookkeeping import account_rows
from orchestrator.bookkeeping.exchange import AccountReading, Balance
from orchestrator.findings import service
from orchestrator.findings.kinds import Difference, Kind
from orchestrator.kit.clock import utc_now
from orchestrator.wallets import service as wallets
from tests.integration.api.world import OTHER, OWNER, World, problem_of
from tests.support import eventually

FINDINGS = "/api/v1/findings"
WHY = {"why": "I did it by hand."}


async def find(world: World, *kinds: Kind) -> list[str]:
    """An account of OWNER with these differences; the ids of what was found, oldest first."""
    async with world.rig.database.unit_of_work() as session:
        wallet = await wallets.create(session, OWNER, "exchange", "mine", exchange="paper", exchange_key_id="key-one")
        differences = [
            Difference(kind, f"subject {number}", "They differ.", "Look.", {"difference": "5"}, "5")
            for number, kind in enumerate(kinds)
        ]
        for number in range(len(differences)):
            at = utc_now() + timedelta(seconds=number)
            await service.record(session, wallet.id, OWNER, differences[: number + 1], at)
    async with world.rig.database.read() as session:
        return [row.id for row in sorted(await service.open_of(session, wallet.id), key=lambda row: row.first_seen)]


async def test_findings_are_listed_newest_first_and_shown_with_evidence(world: World) -> None:
    first, second = await find(world, Kind.DRIFTED_BALANCE, Kind.LOST_ORDER)
    page = (await world.client.get(FINDINGS, params={"limit": 1, "state": "open"})).json()
    assert [item["id"] for item in page["items"]] == [second]
    rest = (await world.client.get(FINDINGS, params={"limit": 1, "after": page["next"]})).json()
    assert ([item["id"] for item in rest["items"]], rest["next"]) == ([first], None)
    shown = (await world.client.get(f"{FINDINGS}/{first}")).json()
    assert (shown["evidence"], shown["adoptable"], shown["bot_id"]) == ({"difference": "5"}, True, None)
    assert (await world.client.get(FINDINGS, params={"state": "settled"})).json()["items"] == []
    problem_of(await world.client.get(FINDINGS, params={"after": "nonsense"}), 422, "invalid_spec")


async def test_a_finding_is_adopted_by_the_leader_or_acknowledged_at_once(world: World) -> None:
    drift, lost = await find(world, Kind.DRIFTED_BALANCE, Kind.LOST_ORDER)
    asked = await world.client.post(f"{FINDINGS}/{drift}/settle", json={"how": "adopt", **WHY})
    assert (asked.status_code, asked.json()["state"], asked.json()["adopting"]) == (200, "open", True)
    problem_of(await world.client.post(f"{FINDINGS}/{lost}/settle", json={"how": "adopt", **WHY}), 422, "invalid_spec")
    known = await world.client.post(f"{FINDINGS}/{lost}/settle", json={"how": "acknowledge", **WHY})
    assert (known.json()["state"], known.json()["settled_how"], known.json()["settled_by"]) == (
        "settled",
        "acknowledged",
        OWNER,
    )
    again = await world.client.post(f"{FINDINGS}/{lost}/settle", json={"how": "acknowledge", **WHY})
    problem_of(again, 409, "conflict")
    async with world.rig.database.read() as session:
        rows = (await audit.list_(session, limit=2, subject=f"finding/{lost}")).items
    assert [(row.action, row.actor) for row in rows] == [("finding.settle", OWNER), ("finding.open", "system")]


async def test_an_account_shows_what_it_told_last_to_its_owner_alone(world: World) -> None:
    await find(world)
    async with world.rig.database.unit_of_work() as session:
        (wallet,) = (await wallets.list_(session, OWNER, limit=1)).items
        told = AccountReading(utc_now(), {"USDT": Balance(Decimal(900), Decimal(100))})
        await account_rows.note_reading(session, wallet, told, agrees=True)
        await account_rows.note_trouble(session, wallet, "The exchange does not answer.")
    (shown,) = (await world.client.get(f"{FINDINGS}/accounts")).json()["items"]
    assert (shown["balances"], shown["problem"]) == (
        {"USDT": {"free": "900", "locked": "100"}},
        "The exchange does not answer.",
    )
    assert shown["agreed_at"] is not None
    assert (await world.client_of(OTHER).get(f"{FINDINGS}/accounts")).json()["items"] == []


async def test_whose_findings_they_are(world: World) -> None:
    (found,) = await find(world, Kind.DRIFTED_BALANCE)
    stranger, settle = world.client_of(OTHER), {"how": "acknowledge", **WHY}
    assert (await stranger.get(FINDINGS)).json()["items"] == []
    problem_of(await stranger.get(f"{FINDINGS}/{found}"), 404, "not_found")
    problem_of(await stranger.post(f"{FINDINGS}/{found}/settle", json=settle), 404, "not_found")

    async def answers(status: int) -> bool:
        return (await stranger.post(f"{FINDINGS}/{found}/settle", json=settle)).status_code == status

    await world.change_user(OTHER, role="viewer")
    await eventually(lambda: answers(403), message="a viewer settles nothing")
    await world.change_user(OTHER, role="admin")
    await eventually(lambda: answers(200), message="an administrator settles everybody's")

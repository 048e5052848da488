"""Accounts that nobody can read: told at once, found and blocking when that lasts, and nothing waits for them."""

from dataclasses import replace

import pytest

from orchestrator.audit import service as audit
from orchestrator.bookkeeping import account_rows as rows
from orchestrator.bookkeeping.accounts import UNREAD_SECONDS
from orchestrator.errors import Conflict
from orchestrator.findings.kinds import Kind
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import UserModel
from orchestrator.wallets.models import WalletModel
from tests.integration.bookkeeping.desk import BOT, PATIENCE, Desk


async def test_an_account_whose_key_is_refused_blocks_once_that_lasts(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.paper.control("POST", "deposits", key=desk.key, asset="USDT", amount="5")
    await desk.look()
    await desk.look(PATIENCE)
    (deposit,) = await desk.open_findings()
    await desk.settle(deposit, "adopt")
    await desk.change_key(state="refused", problem="The paper exchange does not take this key.")
    opened = desk.opened
    await desk.look(1)
    (told,) = await desk.readings()
    assert "does not take this key" in (told.problem or "")
    await desk.look(UNREAD_SECONDS - 1)
    assert await desk.kinds() == [(Kind.DRIFTED_BALANCE, "USDT")]
    await desk.look(1)
    (found,) = [one for one in await desk.open_findings() if one.kind == Kind.UNREAD_ACCOUNT]
    assert "does not take this key" in found.message
    assert "keys replace" in found.remedy
    assert "could not be read since" in (await desk.blocked())[BOT]
    assert desk.opened == opened, "a key that is not in force is not opened"
    (waiting,) = [one for one in await desk.open_findings() if one.kind == Kind.DRIFTED_BALANCE]
    assert waiting.asked_by is None, "nothing waits for an account that nobody can read"
    with pytest.raises(Conflict, match="cannot be read"):
        await desk.settle(waiting, "adopt")
    await desk.change_key(state="active", problem=None)
    await desk.look(1)
    assert await desk.kinds() == [(Kind.DRIFTED_BALANCE, "USDT")]
    await desk.settle(waiting, "adopt")
    await desk.look(1)
    assert (await desk.kinds(), await desk.blocked()) == ([], {})


async def test_an_exchange_that_is_down_for_a_while_blocks_nothing(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=4)
    for _ in range(4):
        await desk.look(60)
    assert await desk.blocked() == {}
    await desk.look(60)
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=4)
    for _ in range(4):
        await desk.look(90)
    assert await desk.blocked() == {}, "it was read in between"


async def test_who_knows_that_an_account_cannot_be_read_may_trade_on_until_it_is_read_again(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.add_bot("500")
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=3)
    await desk.look(1)
    await desk.look(UNREAD_SECONDS)
    (found,) = await desk.open_findings()
    assert "settles itself" in found.remedy
    await desk.settle(found, "acknowledge")
    await desk.look(1)
    assert (await desk.kinds(), await desk.blocked()) == ([], {})
    await desk.look(1)
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=2)
    await desk.look(1)
    await desk.look(UNREAD_SECONDS)
    assert await desk.kinds() == [(Kind.UNREAD_ACCOUNT, "paper")], "another time is another thing"


async def test_what_could_not_be_read_has_its_turn_first_until_it_was_read_or_another_one_leads(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    async with desk.database.read() as session:
        (account,) = await rows.accounts(session, ["paper"])
    other = replace(account, wallet=WalletModel(id="wallet-0", owner_id=account.wallet.owner_id, name="other"))
    assert desk.keeper.in_turn([other, account]) == [other, account]
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=1)
    await desk.look(1)
    assert desk.keeper.in_turn([other, account]) == [account, other]
    await desk.look(1)
    assert desk.keeper.in_turn([other, account]) == [other, account]
    await desk.paper.control("POST", "faults", kind="fail", path="/api/v3/account", times=2)
    await desk.look(1)
    desk.keeper.rest()
    await desk.look(UNREAD_SECONDS)
    assert await desk.blocked() == {}, "what another one could not read is not known"


async def test_a_key_of_somebody_else_is_not_opened(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    async with desk.database.unit_of_work() as session:
        session.add(UserModel(id="other", username="other", password_hash="-", role="trader", created_at=utc_now()))
    await desk.change_key(owner_id="other")
    opened = desk.opened
    await desk.look(1)
    (told,) = await desk.readings()
    assert told.problem == "Its exchange key is not of the wallet's owner."
    assert desk.opened == opened


async def test_that_an_account_is_read_with_a_key_is_in_the_audit_once_for_each_of_its_versions(desk: Desk) -> None:
    await desk.set_up(USDT="1000")
    await desk.look(1)
    await desk.change_key(version=2)
    await desk.look(1)
    await desk.look(1)
    async with desk.database.read() as session:
        rows = (await audit.list_(session, limit=10, subject="exchange-key/key-one")).items
    assert [(row.action, row.after["version"], row.after["for"]) for row in rows if row.after] == [
        ("exchange_key.use", 2, "reading its account"),
        ("exchange_key.use", 1, "reading its account"),
    ]

"""Keys of the paper exchange: what they may do, from where, until when, and how Binance words a refusal."""

from pathlib import Path

import ccxt
import pytest

from pool.exchange.simulator.ledger import Ledger
from tests.integration.simulator.conftest import Rig

REFUSED = (ccxt.AuthenticationError, ccxt.DDoSProtection)
"""The latter where the same client was let in before: ccxt takes it for a ban."""


async def _key(rig: Rig, account: str, **allowed: object) -> tuple[str, str]:
    made = await rig.control("POST", "keys", account=account, **allowed)
    return made["key"], made["secret"]


async def test_an_account_has_several_keys_each_with_its_own_permissions(rig: Rig) -> None:
    trader = await rig.trader(USDT=1000)
    await rig.price("BTCUSDT", 20_000)
    only_reading = rig.client(*await _key(rig, trader.apiKey, permissions=["reading"]))
    await only_reading.load_markets()
    assert (await only_reading.fetch_balance())["USDT"]["free"] == 1000
    with pytest.raises(REFUSED, match="-2015"):
        await only_reading.create_order("BTC/USDT", "market", "buy", 0.01)
    spot = rig.client(*await _key(rig, trader.apiKey, permissions=["reading", "spot"]))
    await spot.load_markets()
    await spot.create_order("BTC/USDT", "limit", "buy", 0.01, 19_000)
    assert len(await only_reading.fetch_open_orders("BTC/USDT")) == 1
    with pytest.raises(REFUSED, match="-2015"):
        await spot.fapiPrivatePostLeverage({"symbol": "BTCUSDT", "leverage": 2})


async def test_restrictions_are_told_as_binance_tells_them(rig: Rig) -> None:
    trader = await rig.trader()
    assert (await trader.sapiGetAccountApiRestrictions())["enableWithdrawals"] is False
    end = rig.now_ms() + 60_000
    other = rig.client(
        *await _key(
            rig,
            trader.apiKey,
            permissions=["reading", "spot", "withdrawals"],
            addresses=["127.0.0.0/8"],
            expires_ms=end,
        )
    )
    told = await other.sapiGetAccountApiRestrictions()
    assert (told["ipRestrict"], told["enableWithdrawals"], told["enableFutures"]) == (True, True, False)
    assert int(told["tradingAuthorityExpirationTime"]) == end


async def test_a_key_is_refused_from_elsewhere_after_its_end_and_once_it_is_gone(rig: Rig) -> None:
    trader = await rig.trader(USDT=10)
    name, secret = await _key(rig, trader.apiKey, expires_ms=rig.now_ms() + 60_000)
    client = rig.client(name, secret)
    await client.fetch_balance()
    await rig.control("POST", "keys/change", key=name, addresses=["10.0.0.0/8"])
    with pytest.raises(REFUSED, match="-2015"):
        await client.fetch_balance()
    await rig.control("POST", "keys/change", key=name, expires_ms=rig.now_ms() + 60_000)
    await client.fetch_balance()
    rig.pass_seconds(61)
    with pytest.raises(REFUSED, match="-2015"):
        await client.fetch_balance()
    await rig.control("DELETE", f"keys?key={trader.apiKey}")
    with pytest.raises(REFUSED, match="-2015"):
        await trader.fetch_balance()
    with pytest.raises(AssertionError, match="permissions"):
        await rig.control("POST", "keys/change", key=name, permissions=["everything"])


def test_accounts_of_an_older_ledger_keep_their_key(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite"
    ledger = Ledger(file)
    ledger.database.execute(
        "INSERT INTO accounts (key, secret, fee_rate, pays_in_bnb, created_ms) VALUES ('k', 's', '0.001', 0, 1)"
    )
    ledger.close()
    again = Ledger(file)
    found = again.keys.find("k")
    assert found is not None
    assert found.secret == "s"
    assert again.keys.remove("k")
    again.close()
    last = Ledger(file)
    assert last.keys.find("k") is None  # what was taken away stays away
    last.close()

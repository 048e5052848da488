"""`flotilla wallets` as a shell sees it."""

import json
from typing import Any

from tests.unit.cli.conftest import Flotilla
from tests.unit.cli.fake_api import FakeApi, bot
from tests.unit.cli.test_pools_commands import answer, page, sent

ID = "wallet-k3v2q7d5mwxz4tha"
WALLET: dict[str, Any] = {
    "id": ID, "name": "Savings", "kind": "paper", "exchange": None, "exchange_key_id": None, "market": None,
    "automatic": None, "created_at": "2026-11-21T20:00:00Z", "archived_at": None,
    "balances": [
        {"currency": "USDT", "free": "750", "total": "1000", "bots": [{"bot_id": f"bot-{1:016d}", "amount": "250"}]},
    ],
}  # fmt: skip


def test_wallets_are_listed_and_shown_with_who_has_what(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/wallets", page(WALLET, {**WALLET, "id": "wallet-2", "name": "Empty", "balances": []}))
    fake_api.add(bot("trend-1"))
    listed = flotilla("wallets", "list")
    assert listed.code == 0
    for told in ("Savings", ID, "750", "1000", "Empty", "paper money"):
        assert told in listed.out
    account = {**WALLET, "id": "wallet-3", "name": "Tried", "kind": "exchange", "exchange": "paper", "market": "spot"}
    answer(fake_api, "GET", "/wallets", page(account, {**account, "id": "wallet-4", "exchange": "binance"}))
    listed = flotilla("wallets", "list")
    assert "spot account, paper exchange" in listed.out
    assert "spot account, binance" in listed.out
    answer(fake_api, "GET", "/wallets", page(WALLET))
    shown = flotilla("wallets", "show", "Savings").out
    assert "trend-1" in shown
    assert "250" in shown
    assert flotilla("wallets", "show", "None").code != 0
    assert json.loads(flotilla("wallets", "show", ID, "--json").out).items() >= WALLET.items()


def test_money_is_moved_once_and_exactly(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/wallets", page(WALLET))
    answer(fake_api, "POST", f"/wallets/{ID}/deposit", WALLET)
    amount = "0.000000000000000001"
    assert flotilla("wallets", "deposit", "Savings", amount, "USDT", "--note", "for bots").code == 0
    (request,) = fake_api.sent("POST", f"/api/v1/wallets/{ID}/deposit")
    assert json.loads(request.content) == {"amount": amount, "currency": "USDT", "note": "for bots"}
    assert request.headers["Idempotency-Key"]


def test_capital_goes_to_a_bot_of_the_version_that_was_seen(flotilla: Flotilla, fake_api: FakeApi) -> None:
    fake_api.add(bot("trend-1", wallet=ID, generation=7))
    given = {"bot_id": f"bot-{1:016d}", "starting_balance": "1250", "generation": 8, "wallet": WALLET}
    for act in ("allocate", "take-back"):
        answer(fake_api, "POST", f"/wallets/{ID}/{act}", given)
        outcome = flotilla("wallets", act, "trend-1", "250")
        assert outcome.code == 0
        assert "1250 USDT" in outcome.out
        (request,) = fake_api.sent("POST", f"/api/v1/wallets/{ID}/{act}")
        assert request.headers["If-Match"] == '"7"'
        assert sent(fake_api, "POST", f"/wallets/{ID}/{act}") == [{"bot_id": f"bot-{1:016d}", "amount": "250"}]


def test_a_statement_a_check_and_returns_are_told(flotilla: Flotilla, fake_api: FakeApi) -> None:
    answer(fake_api, "GET", "/wallets", page(WALLET))
    postings = [
        {"place": "trading", "bot_id": "bot-1", "currency": "BTC", "amount": "-0.5"},
        {"place": "capital", "bot_id": "bot-1", "currency": "BTC", "amount": "0.5"},
        {"place": "capital", "bot_id": "bot-1", "currency": "USDT", "amount": "-50"},
        {"place": "trading", "bot_id": "bot-1", "currency": "USDT", "amount": "50"},
    ]
    row = {
        "id": "1", "kind": "fill", "at": "2026-11-21T20:00:00Z", "booked_at": "2026-11-21T20:00:01Z", "automatic": True,
        "bot_id": "bot-1", "note": "", "data": {"pair": "BTC/USDT"}, "postings": postings,
    }  # fmt: skip
    answer(fake_api, "GET", f"/wallets/{ID}/statement", page(row))
    shown = flotilla("wallets", "statement", "Savings", "--kind", "fill").out
    for told in ("2026-11-21T20:00:00", "fill", "BTC/USDT", "0.5 BTC", "50 USDT"):
        assert told in shown
    flaw = {"kind": "overdrawn", "currency": "USDT", "amount": "-50", "bot_id": None, "message": "It has -50 USDT."}
    answer(fake_api, "GET", f"/wallets/{ID}/check", {"whole": False, "flaws": [flaw]})
    checked = flotilla("wallets", "check", "Savings")
    assert checked.code == 1
    assert "It has -50 USDT." in checked.out
    returns = {
        "mode": "dry", "currency": "USDT", "since": None, "invested": "1000", "value": "1050", "profit": "50",
        "money_weighted": "0.05123", "money_weighted_yearly": None, "time_weighted": "0.05",
        "time_weighted_yearly": None,
    }  # fmt: skip
    answer(fake_api, "GET", "/wallets/performance", {"items": [returns]})
    told = flotilla("wallets", "performance").out
    for part in ("dry", "1,050.00", "+50.00", "+5.12 %", "+5.00 %"):
        assert part in told

"""What exchanges tell of keys, and what of it is taken; and when owners are reminded."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys.care import due
from orchestrator.exchange_keys.ccxt_asking import bybit, okx
from orchestrator.exchange_keys.checks import facts_of
from orchestrator.exchange_keys.facts import KeyFacts, Permission, accept, allows, warnings
from orchestrator.exchange_keys.models import ExchangeKeyModel

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
READ, SPOT, FUTURES = Permission.READ, Permission.SPOT, Permission.FUTURES
TRANSFER, WITHDRAW = Permission.TRANSFER, Permission.WITHDRAW


@pytest.mark.parametrize("permissions", [{READ, SPOT}, {READ, FUTURES}, {READ, SPOT, TRANSFER}])
def test_keys_that_read_and_trade_are_taken(permissions: set[Permission]) -> None:
    accept(KeyFacts(frozenset(permissions), "account", True))


@pytest.mark.parametrize(
    ("permissions", "word"),
    [({READ, SPOT, WITHDRAW}, "withdraw"), ({READ}, "may not trade"), ({SPOT}, "may not read"), (set(), "read")],
)
def test_others_are_not(permissions: set[Permission], word: str) -> None:
    with pytest.raises(KeyRejected, match=word) as refused:
        accept(KeyFacts(frozenset(permissions), "account", True))
    assert refused.value.params["field"] == "key"


def test_a_market_needs_its_own_permission() -> None:
    assert allows(["read", "spot"], "spot")
    assert not allows(["read", "spot"], "futures")


def test_what_is_taken_all_the_same_is_told() -> None:
    assert warnings(["read", "spot"], True) == []
    assert len(warnings(["read", "spot", "transfer"], False)) == 2
    assert len(warnings(["read"], None)) == 1


@pytest.mark.parametrize(
    ("perm", "ip", "permissions"),
    [
        ("read_only,trade", "1.2.3.4", {READ, SPOT, FUTURES}),
        ("read_only", "", {READ}),
        ("read_only,withdraw,trade", "", {READ, SPOT, FUTURES, WITHDRAW}),
    ],
)
def test_okx(perm: str, ip: str, permissions: set[Permission]) -> None:
    facts = facts_of("okx", okx({"data": [{"perm": perm, "ip": ip, "uid": "7"}]}))
    assert facts == KeyFacts(frozenset(permissions), "7", bool(ip))


def test_okx_says_what_nobody_knows() -> None:
    with pytest.raises(ValueError, match="unknown"):
        okx({"data": [{"perm": "read_only,trade,send_everything", "ip": "", "uid": "7"}]})


def bybit_key(**changes: Any) -> dict[str, Any]:
    allowed = {
        "Spot": ["SpotTrade"],
        "ContractTrade": ["Order", "Position"],
        "Wallet": [],
        **changes.pop("allowed", {}),
    }
    return {"result": {"readOnly": 0, "permissions": allowed, "ips": ["1.2.3.4"], "userID": 9, **changes}}


@pytest.mark.parametrize(
    ("key", "permissions"),
    [
        (bybit_key(), {READ, SPOT, FUTURES}),
        (bybit_key(readOnly=1), {READ}),
        (bybit_key(allowed={"Wallet": ["AccountTransfer", "Withdraw"]}), {READ, SPOT, FUTURES, TRANSFER, WITHDRAW}),
        (bybit_key(allowed={"Spot": [], "ContractTrade": ["Order"]}), {READ}),
    ],
)  # fmt: skip
def test_bybit(key: dict[str, Any], permissions: set[Permission]) -> None:
    assert facts_of("bybit", bybit(key)) == KeyFacts(frozenset(permissions), "9", True)


def test_bybit_ends_keys_without_an_address() -> None:
    facts = facts_of("bybit", bybit(bybit_key(ips=["*"], expiredAt="2027-02-19T12:00:00Z")))
    assert (facts.ip_restricted, facts.expires_at) == (False, datetime(2027, 2, 19, 12, tzinfo=UTC))


@pytest.mark.parametrize(
    ("answer", "error"),
    [({"refused": True}, KeyRejected), ({"silent": True}, ExchangeUnreachable), ({"untold": True}, KeyRejected)],
)
def test_what_ccxt_could_not_tell(answer: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        facts_of("okx", answer)


def key(**values: Any) -> ExchangeKeyModel:
    return ExchangeKeyModel(
        **{"name": "main", "state": "active", "expires_at": None, "rotate_after": None, "notices": [], **values}
    )


def test_owners_are_reminded_once_each_and_of_the_most_urgent_alone() -> None:
    end = NOW + timedelta(days=10)
    assert due(key(expires_at=NOW + timedelta(days=15)), NOW) is None
    first = due(key(expires_at=end), NOW)
    assert first is not None
    assert (first.given, first.kind) == (("expiry-14",), "key.expires")
    assert due(key(expires_at=end, notices=["expiry-14"]), NOW) is None
    late = due(key(expires_at=NOW + timedelta(days=1)), NOW)
    assert late is not None
    assert late.given == ("expiry-3", "expiry-14")
    over = due(key(expires_at=NOW, notices=["expiry-3", "expiry-14"]), NOW)
    assert over is not None
    assert (over.given, over.kind) == (("expired",), "key.expired")
    assert due(key(expires_at=NOW, notices=["expired"]), NOW) is None


def test_a_replacement_that_is_due_is_told_once() -> None:
    told = due(key(rotate_after=NOW), NOW)
    assert told is not None
    assert told.kind == "key.rotate"
    assert due(key(rotate_after=NOW, notices=["rotate"]), NOW) is None
    assert due(key(rotate_after=NOW + timedelta(seconds=1)), NOW) is None

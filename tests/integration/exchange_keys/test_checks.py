"""Keys checked against an exchange that speaks Binance's protocol."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.broker.contract import CompanionContainer, PaperSpec
from orchestrator.errors import ExchangeUnreachable, KeyRejected
from orchestrator.exchange_keys.checks import Checks
from orchestrator.exchange_keys.facts import Permission, accept
from orchestrator.exchanges.paper_accounts import PaperAccounts
from orchestrator.exchanges.paper_container import BrokerPaperExchange
from orchestrator.runtime import runtime_of
from orchestrator.settings import OrchestratorSettings
from pool.exchange.simulator.exchange import Exchange
from pool.exchange.simulator.server import serve
from tests.fakes.exchange_keys import credentials
from tests.integration.simulator.conftest import TOKEN, Rig, rig

__all__ = ["rig"]


async def made(rig: Rig, **allowed: Any) -> tuple[str, str]:
    account = await rig.control("POST", "accounts", balances={"USDT": "100"})
    told = await rig.control("POST", "keys", account=account["key"], **allowed)
    return told["key"], told["secret"]


async def test_what_a_key_may_do_is_told(rig: Rig) -> None:
    checks = Checks(lambda: rig.url)
    end = rig.now_ms() + 86_400_000
    key, secret = await made(rig, permissions=["reading", "spot"], addresses=["127.0.0.0/8"], expires_ms=end)
    facts = await checks.check("paper", credentials(key, secret))
    assert facts.permissions == {Permission.READ, Permission.SPOT}
    assert facts.ip_restricted is True
    assert facts.expires_at is not None
    assert int(facts.expires_at.timestamp() * 1000) == end
    accept(facts)


async def test_two_keys_of_an_account_are_told_as_such(rig: Rig) -> None:
    checks = Checks(lambda: rig.url)
    key, secret = await made(rig)
    other = await rig.control("POST", "keys", account=key)
    of_another = await made(rig)
    first, second, third = [
        (await checks.check("paper", credentials(*one))).account
        for one in ((key, secret), (other["key"], other["secret"]), of_another)
    ]
    assert first == second != third


async def test_a_key_that_may_withdraw_is_refused(rig: Rig) -> None:
    key, secret = await made(rig, permissions=["reading", "spot", "withdrawals"])
    with pytest.raises(KeyRejected, match="may withdraw"):
        accept(await Checks(lambda: rig.url).check("paper", credentials(key, secret)))


async def test_what_the_exchange_does_not_take_is_told_by_its_field_and_shows_nothing(rig: Rig) -> None:
    checks = Checks(lambda: rig.url)
    key, secret = await made(rig)
    elsewhere = await made(rig, addresses=["10.9.9.0/24"])
    over = await made(rig, expires_ms=rig.now_ms() - 1)
    wrong = [
        ((key, "s" * 64), "secret"),
        (("k" * 64, secret), "key"),
        (("short", secret), "key"),
        (elsewhere, "key"),
        (over, "key"),
    ]
    for (one, its_secret), field in wrong:
        with pytest.raises(KeyRejected) as refused:
            await checks.check("paper", credentials(one, its_secret))
        assert refused.value.params["field"] == field
        assert one not in refused.value.message or one == "short"
        assert its_secret not in refused.value.message


async def test_a_clock_that_is_wrong_here_is_no_matter(rig: Rig) -> None:
    key, secret = await made(rig)
    rig.pass_seconds(7200)
    await Checks(lambda: rig.url).check("paper", credentials(key, secret))


async def test_an_exchange_that_is_away_or_busy_says_nothing_against_a_key(rig: Rig) -> None:
    key, secret = await made(rig)
    with pytest.raises(ExchangeUnreachable):
        await Checks(lambda: None).check("paper", credentials(key, secret))
    with pytest.raises(ExchangeUnreachable):
        await Checks(lambda: "http://127.0.0.1:1").check("paper", credentials(key, secret))
    for fault in ({"status": 503}, {"status": 429, "code": -1003}):
        await rig.control("POST", "faults", kind="fail", path="/sapi/v1/account/apiRestrictions", times=1, **fault)
        with pytest.raises(ExchangeUnreachable):
            await Checks(lambda: rig.url).check("paper", credentials(key, secret))


async def test_an_exchange_that_does_not_tell_is_refused_by_name() -> None:
    with pytest.raises(KeyRejected, match="withdraw") as refused:
        await Checks(lambda: None).check("kraken", credentials("k", "s"))
    assert refused.value.params["field"] == "exchange"


async def test_an_account_of_play_money_comes_with_a_key_that_is_taken(rig: Rig) -> None:
    accounts = PaperAccounts(lambda: rig.url, lambda: TOKEN)
    key = await accounts.open({"USDT": Decimal(500)}, Decimal(20))
    accept(await Checks(lambda: rig.url).check("paper", key))
    ledger = await rig.control("GET", f"ledger?key={key.key.get_secret_value()}")
    assert [(row["asset"], row["free"]) for row in ledger["balances"]] == [("USDT", "500")]
    with pytest.raises(ExchangeUnreachable, match="another token"):
        await PaperAccounts(lambda: rig.url, lambda: "wrong").open({}, Decimal(0))


class Broker:
    """Its container is an exchange in this process, with the token of its spec."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.closes: list[Callable[[], Awaitable[None]]] = []

    async def paper(self) -> CompanionContainer | None:
        return None

    async def ensure_paper(self, spec: PaperSpec) -> CompanionContainer:
        token = spec.control_token
        exchange = Exchange(self._directory / "other.sqlite", token.get_secret_value() if token else "-", 7, 20)
        runner, port = await serve(exchange.front, "127.0.0.1", 0)
        self.closes.append(runner.cleanup)
        return CompanionContainer(url="http://paper-exchange:9000", address=f"127.0.0.1:{port}", running=True)

    async def remove_paper(self) -> None:
        raise AssertionError


async def test_accounts_are_made_where_the_paper_exchange_is_a_container(rig: Rig, tmp_path: Path) -> None:
    runtime = runtime_of(OrchestratorSettings(home=tmp_path, pool_driver="docker"))
    container = runtime.paper
    assert isinstance(container, BrokerPaperExchange)
    container._broker = broker = Broker(tmp_path)
    accounts = PaperAccounts(runtime.exchange_url, runtime.paper_token)
    with pytest.raises(ExchangeUnreachable, match="does not run yet"):
        await accounts.open({}, Decimal(0))
    runtime.take_secret("the installation's secret")
    await container.ensure()
    key = await accounts.open({"USDT": Decimal(500)}, Decimal(0))
    accept(await Checks(runtime.exchange_url).check("paper", key))
    for close in (runtime.aclose, *broker.closes):
        await close()

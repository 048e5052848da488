"""Wallets, keys and what seals them, pools that are balanced, and portfolios of others: one fleet goes through all."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import DESK, Person, Screen
from tests.browser.products import empty_fleet, make_bot
from tests.browser.test_acts import bot_of, pool_of
from tests.e2e.people import PASSWORD, change, invite
from tests.e2e.running import Flotilla
from tests.e2e.test_live import Control
from tests.support import eventually_sync

COMING_UP_SECONDS = 600
LOOKS = 10
"""At a plan that is overtaken each time, at most."""
ACTING = ", ".join(
    f"[data-testid={name}]"
    for name in (
        "wallet-new", "wallet-acts", "key-new", "key-paper", "key-check", "key-rename", "key-replace",
        "key-remind", "key-delete", "finding-settle", "vault-rotate",
    )
)  # fmt: skip


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, portal: None) -> Iterator[Flotilla]:
    """With small pools, so that two bots in one are worth a move."""
    home = tmp_path_factory.mktemp("money") / "home"
    with empty_fleet(home, FLOTILLA_ORCH_POOL_SLOTS="4") as running:
        yield running


@pytest.fixture
def owner(screen: Screen, product: Flotilla) -> Person:
    """The admin, signed in at a desk."""
    return screen.person(product.url, "admin", product.password, viewport=DESK)


def test_a_viewer_sees_wallets_and_nothing_to_do_with_them(screen: Screen, product: Flotilla) -> None:
    vera = invite(product, "vera")
    wallet = vera.ask("POST", "/wallets", name="old-savings")["id"]
    vera.ask("POST", f"/wallets/{wallet}/deposit", currency="USDT", amount="750.25")
    eventually_sync(lambda: Control.of(product.home), COMING_UP_SECONDS, "the paper exchange listens")
    vera.ask("POST", "/exchange-keys/paper", name="old-key")
    person = screen.person(product.url, "vera", PASSWORD, viewport=DESK)
    page = person.page
    page.get_by_test_id("later").click()
    assert all(acts > 0 for acts in acting(person, wallet)[:3]), "a trader acts; there is no finding to settle"

    change(product, vera, role="viewer")
    screen.expect_errors("401", "403")  # the page that is open was a trader's
    person = screen.person(product.url, "vera", PASSWORD, viewport=DESK)
    refused: list[str] = []
    person.page.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    assert acting(person, wallet) == [0, 0, 0, 0]
    assert refused == []
    person.picture("viewer-keys")


def acting(person: Person, wallet: str) -> list[int]:
    """How many buttons act on the pages of wallets and keys, once all that is hers is shown."""
    found = []
    page = person.open("/wallets")
    expect(page.get_by_test_id("wallet").filter(has_text="old-savings")).to_be_visible()
    found.append(page.locator(ACTING).count())
    page = person.open(f"/wallets?wallet={wallet}")
    detail = page.get_by_test_id("wallet-detail")
    expect(detail.get_by_test_id("check-result")).to_have_attribute("data-whole", "true")
    expect(detail.get_by_test_id("transaction")).to_have_count(1)
    found.append(detail.locator(ACTING).count())
    page = person.open("/wallets/keys")
    expect(page.locator("[data-testid=key][data-key=old-key]")).to_have_attribute("data-state", "active")
    found.append(page.locator(ACTING).count())
    page = person.open("/wallets/findings")
    expect(page.get_by_test_id("finding-state")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    found.append(page.locator(ACTING).count())
    return found


def test_a_key_is_replaced_by_another_one_of_its_account_alone(
    screen: Screen, owner: Person, product: Flotilla
) -> None:
    screen.expect_errors("422", "409", "401", "403")
    exchange = eventually_sync(lambda: Control.of(product.home), COMING_UP_SECONDS, "the paper exchange listens")
    assert exchange is not None
    first, stranger = (exchange.post("accounts", {"balances": {"USDT": "5000"}}) for _ in range(2))
    second = exchange.post("keys", {"account": first["key"]})
    body = {"name": "trading", "exchange": "paper", "key": first["key"], "secret": first["secret"]}
    entered = product.call("POST", "/api/v1/exchange-keys", json=body)
    assert entered.status_code == 201, entered.text
    path = f"/api/v1/exchange-keys/{entered.json()['id']}"

    page = owner.open("/wallets/keys")
    card = page.locator("[data-testid=key][data-key=trading]")
    card.get_by_test_id("key-replace").click()
    assert not offer(page, stranger)
    expect(page.get_by_role("dialog").get_by_text("of another account")).to_be_visible()
    assert not offer(page, {**second, "secret": "s" * 64})
    expect(page.get_by_test_id("key-secret")).to_have_value("")  # what the exchange refused is not kept
    assert product.get(path)["version"] == 1
    assert offer(page, second)
    expect(page.get_by_role("dialog")).to_have_count(0)
    replaced = product.get(path)
    assert (replaced["version"], replaced["state"], replaced["wallet"]) == (2, "active", entered.json()["wallet"])
    expect(card).to_contain_text(replaced["fingerprint"])
    exchange.delete(f"keys?key={first['key']}")
    assert checked(page, card) == "active", "it is the second one that is asked with"


def offer(page: Page, key: dict[str, Any]) -> bool:
    """Types it; whether it is taken."""
    page.get_by_test_id("key-key").fill(key["key"])
    page.get_by_test_id("key-secret").fill(key["secret"])
    with page.expect_response(re.compile("/replace$")) as answer:
        page.get_by_test_id("key-enter").click()
    return answer.value.ok


def checked(page: Page, card: Any) -> str:
    """What the exchange says of the key."""
    with page.expect_response(re.compile("/check$")) as answer:
        card.get_by_test_id("key-check").click()
    return str(answer.value.json()["state"])


def test_what_seals_the_keys_is_changed_and_they_still_open(owner: Person, product: Flotilla) -> None:
    """After the test of a replaced key, which it goes on with."""
    before = product.get("/api/v1/exchange-keys/vault")
    page = owner.open("/wallets/keys")
    vault = page.get_by_test_id("vault")
    vault.get_by_test_id("vault-rotate").click()
    page.get_by_test_id("rotate-reason").fill("Spring cleaning")
    page.get_by_test_id("rotate-do").click()
    done = page.get_by_test_id("rotated")
    expect(done).to_be_visible()
    after = product.get("/api/v1/exchange-keys/vault")
    new = after["at_hand"][0]
    assert new not in before["at_hand"]
    assert after["wrapping"] == {new: sum(before["wrapping"].values())}
    expect(done).to_contain_text(new)
    owner.picture("vault-rotated")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(vault.locator(f"[data-kek='{new}']")).to_be_visible()
    assert checked(page, page.locator("[data-testid=key][data-key=trading]")) == "active"
    audited = product.get("/api/v1/audit?limit=20")["items"]
    assert any(one["reason"] == "Spring cleaning" for one in audited)


@pytest.mark.timeout(1200)
def test_the_plan_that_balances_pools_is_shown_and_carried_out(
    screen: Screen, owner: Person, product: Flotilla
) -> None:
    screen.expect_errors("409")  # a plan that was overtaken is made anew, and shown
    for name in ("one", "two"):
        make_bot(product, name, "BTC/USDT")
    (first,) = product.get("/api/v1/pools")["items"]
    made = product.call("POST", "/api/v1/pools", json={"tenant_id": first["tenant_id"]})
    assert made.is_success, made.text
    pool = made.json()["id"]
    page = owner.open("/pools")
    expect(pool_of(page, pool)).to_have_attribute("data-state", "ready")
    eventually_sync(lambda: product.all_running(2), COMING_UP_SECONDS, "two bots run")
    page.get_by_test_id("fleet-menu").click()
    page.get_by_test_id("rebalance").click()
    expect(page.get_by_test_id("planned")).to_have_count(1)
    expect(page.get_by_test_id("planned")).to_contain_text(pool)
    owner.picture("pools-plan")
    assert {bot["pool"] for bot in product.bots()} != {pool}

    dialog = page.get_by_role("dialog")
    for _ in range(LOOKS):
        with page.expect_response(re.compile("/rebalance$")) as answer:
            dialog.get_by_test_id("apply-plan").click()
        if answer.value.ok:
            break
        assert answer.value.status == 409, answer.value.text()  # a bot needs something else by now: a new plan is shown
    expect(page.get_by_test_id("apply-plan")).to_have_count(0)
    expect(pool_of(page, pool).get_by_test_id("slot")).to_have_attribute("data-state", "running")
    expect(page.get_by_test_id("move")).to_have_count(0)
    moved = [bot_of(product, name)["pool"] for name in ("one", "two")]
    assert len(set(moved)) == 2
    assert pool in moved
    page.get_by_test_id("fleet-menu").click()
    page.get_by_test_id("rebalance").click()
    expect(page.get_by_test_id("balanced")).to_be_visible()

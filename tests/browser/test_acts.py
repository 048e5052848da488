"""What people do on the pages of wallets, strategies, users and pools, each confirmed by the API."""

import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.people import DESK, Person, Screen
from tests.browser.test_pages import SOURCE
from tests.e2e.people import PASSWORD
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

EDITOR = "Source of the strategy, Python"


def confirm(page: Page, name: str | None = None) -> None:
    """Says yes, and types the name where one is asked for."""
    yes = page.get_by_test_id("confirm-yes")
    if name is not None:
        expect(yes).to_be_disabled()
        page.get_by_test_id("confirm-name").fill(name)
    yes.click()


def test_money_moves_once_though_its_answer_is_lost(screen: Screen, admin: Person, fleet: Flotilla) -> None:
    screen.expect_errors("net::ERR_FAILED", "422", "409")
    page = admin.open("/wallets")
    page.get_by_test_id("wallet-new").click()
    page.get_by_test_id("wallet-name").fill("savings")
    page.get_by_test_id("wallet-make").click()
    detail = page.get_by_test_id("wallet-detail")
    expect(detail).to_have_attribute("data-wallet", "savings")
    expect(page).to_have_url(re.compile("wallet=wallet-"))
    found = re.search(r"wallet=(wallet-\w+)", page.url)
    assert found
    wallet = found[1]
    lost: list[int] = []

    def lose(route: Route) -> None:
        lost.append(route.fetch().status)
        route.abort()

    page.route("**/deposit", lose, times=1)
    wallet_act(page, "Deposit")
    page.get_by_test_id("amount").fill("1,000")
    expect(page.get_by_test_id("move")).to_be_disabled()
    page.get_by_test_id("amount").fill("1250.50")
    page.get_by_test_id("move").click()
    expect(page.get_by_test_id("unsure")).to_be_visible()
    expect(page.get_by_test_id("amount")).to_be_disabled()
    assert lost == [201] or lost == [200]
    page.get_by_test_id("move").click()
    expect(page.get_by_test_id("move")).to_have_count(0)
    assert free_of(fleet, wallet) == 1250.5

    wallet_act(page, "Withdraw")
    page.get_by_test_id("amount").fill("99999")
    page.get_by_test_id("move").click()
    expect(page.get_by_text("99999").last).to_be_visible()
    page.get_by_test_id("amount").fill("1250.5")
    page.get_by_test_id("move").click()
    expect(page.get_by_test_id("move")).to_have_count(0)
    expect(page.get_by_test_id("transaction")).to_have_count(2)
    assert free_of(fleet, wallet) == 0

    wallet_act(page, "Archive")
    confirm(page, "savings")
    expect(detail.get_by_test_id("wallet-state")).to_have_attribute("data-state", "archived")
    assert all(one["id"] != wallet for one in fleet.get("/api/v1/wallets")["items"])


def wallet_act(page: Page, name: str) -> None:
    page.get_by_test_id("wallet-detail").get_by_test_id("wallet-acts").click()
    page.get_by_role("menuitem", name=name).click()


def free_of(fleet: Flotilla, wallet: str) -> float:
    return sum(float(one["free"]) for one in fleet.get(f"/api/v1/wallets/{wallet}")["balances"])


def test_a_strategy_is_written_refused_mended_compared_and_rolled_out(
    screen: Screen, admin: Person, fleet: Flotilla
) -> None:
    page = admin.open("/strategies/new")
    inspection = page.get_by_test_id("inspection")
    wrong = {"name": "wrong.py", "mimeType": "text/x-python", "buffer": f"import os\n{SOURCE}".encode()}
    page.get_by_test_id("strategy-file").set_input_files([wrong])  # type: ignore[arg-type]
    expect(inspection).to_have_attribute("data-passed", "false")
    page.get_by_role("link", name="Strategies").last.click()
    expect(page.get_by_role("dialog")).to_be_visible()  # nothing half written is lost by a step aside
    page.get_by_role("button", name="Cancel").click()
    right = {"name": "right.py", "mimeType": "text/x-python", "buffer": SOURCE.encode()}
    page.get_by_test_id("strategy-file").set_input_files([right])  # type: ignore[arg-type]
    confirm(page)
    expect(inspection).to_have_attribute("data-passed", "true")
    page.get_by_test_id("strategy-name").fill("written")
    page.get_by_test_id("keep-strategy").click()
    head = page.get_by_test_id("head")
    expect(head).to_have_attribute("data-version", "1")
    expect(page.get_by_test_id("check").first).to_have_attribute("data-state", "passed")
    found = re.search(r"strategy-\w+", page.url)
    assert found
    strategy = found[0]
    bot = {"name": "of-mine", "strategy": {"id": strategy, "version": "head"}, "pairs": ["BTC/USDT"]}
    made = fleet.call("POST", "/api/v1/bots", json=bot)
    assert made.status_code == 201, made.text

    page.get_by_role("textbox", name=EDITOR).click()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nWIDER = -0.2\n")
    expect(inspection).to_have_attribute("data-passed", "true")
    page.get_by_test_id("strategy-note").fill("Wider")
    page.get_by_test_id("save-version").click()
    expect(head).to_have_attribute("data-version", "2")
    expect(page.get_by_test_id("check").first).to_have_attribute("data-state", "passed")
    page.get_by_test_id("tab-versions").click()
    page.locator("li[data-version='2']").get_by_test_id("what-changed").click()
    expect(page.get_by_test_id("version-diff")).to_contain_text("WIDER = -0.2")
    admin.picture("strategy-diff")

    path = f"/api/v1/bots/{made.json()['id']}"
    eventually_sync(lambda: fleet.get(path)["observed_state"] == "running", 600, "the strategy's bot runs")
    page.goto(f"{fleet.url}/strategies/{strategy}/rollouts?version=2")
    page.get_by_test_id("roll-out").click()
    confirm(page)
    expect(page.get_by_test_id("rollout").first).to_have_attribute("data-state", re.compile("done|succeeded|finished"))
    assert fleet.get(path)["strategy"]["version"] == 2
    fleet.call("DELETE", path).raise_for_status()
    eventually_sync(lambda: len(fleet.bots()) == 2, message="the strategy's bot is gone")


def test_a_user_is_made_changes_the_password_and_is_locked_out(screen: Screen, admin: Person, fleet: Flotilla) -> None:
    screen.expect_errors("401", "403", "409", "422")
    page = admin.open("/users")
    page.get_by_test_id("new-user").click()
    page.get_by_test_id("new-username").fill("ann")
    page.get_by_test_id("make-user").click()
    secret = page.get_by_test_id("password-secret")
    expect(secret).to_be_visible()
    first = secret.inner_text()
    page.keyboard.press("Escape")
    expect(secret).to_be_visible()  # it is told this once
    page.get_by_test_id("password-done").click()
    expect(page.locator("[data-testid=user][data-username=ann]")).to_be_visible()

    ann = screen.visitor(fleet.url, viewport=DESK)
    hers = ann.open("/sign-in")
    hers.get_by_label("User name").fill("ann")
    hers.get_by_label("Password", exact=True).fill(first)
    hers.get_by_role("button", name="Sign in", exact=True).click()
    hers.get_by_label("New password", exact=True).fill(PASSWORD)
    hers.get_by_role("button", name="Change password").click()
    expect(hers.get_by_test_id("stream-state")).to_be_attached()

    page.goto(f"{fleet.url}/users/ann")
    page.get_by_test_id("max-bots").fill("7")
    page.get_by_test_id("save-quotas").click()
    expect(page.get_by_test_id("quota-bots")).to_contain_text("7")
    page.get_by_test_id("act-deactivate").click()
    expect(page.get_by_test_id("access-yes")).to_be_disabled()
    page.get_by_test_id("access-name").fill("ann")
    page.get_by_test_id("access-yes").click()
    expect(page.get_by_test_id("user-state")).to_be_visible()
    expect(hers.get_by_label("User name")).to_be_visible()  # her page leads to the sign-in by itself

    page.goto(f"{fleet.url}/users/admin")
    page.get_by_test_id("act-deactivate").click()
    page.get_by_test_id("access-name").fill("admin")
    page.get_by_test_id("access-yes").click()
    expect(page.get_by_text("somebody else an administrator")).to_be_visible()
    assert fleet.get("/api/v1/auth/me")["role"] == "admin"


def test_a_bot_moves_by_dragging_and_back_by_draining(screen: Screen, admin: Person, fleet: Flotilla) -> None:
    page = admin.open("/pools")
    page.get_by_test_id("new-pool").click()
    page.get_by_test_id("pool-slots").fill("4")
    page.get_by_test_id("make-pool").click()
    page.wait_for_url("**/pools/pool-*")
    pool = page.url.split("/")[-1]
    expect(pool_of(page, pool)).to_have_attribute("data-state", "ready")
    page.goto(f"{fleet.url}/pools")
    slot = page.locator("[data-testid=slot][data-bot=one]")
    expect(slot).to_have_attribute("data-state", "running")
    expect(pool_of(page, pool)).to_be_visible()
    slot.drag_to(pool_of(page, pool))
    expect(page.get_by_test_id("consequences")).to_be_visible()
    expect(page.get_by_role("radio", name=pool)).to_be_checked()
    page.get_by_test_id("confirm-yes").click()
    arrived = pool_of(page, pool).locator("[data-testid=slot][data-bot=one]")
    expect(arrived).to_have_attribute("data-state", "running")
    expect(page.get_by_test_id("move")).to_have_count(0)
    assert bot_of(fleet, "one")["pool"] == pool
    admin.picture("pools-after-a-move")

    pool_act(page, pool, "cordon")
    expect(pool_of(page, pool).get_by_test_id("cordoned")).to_be_visible()
    pool_act(page, pool, "drain")
    expect(page.get_by_test_id("drain-count")).to_contain_text("One bot")
    page.get_by_test_id("confirm-yes").click()
    expect(pool_of(page, pool).get_by_test_id("slot")).to_have_count(0)
    expect(slot).to_have_attribute("data-state", "running")
    expect(page.get_by_test_id("move")).to_have_count(0)
    assert bot_of(fleet, "one")["pool"] != pool
    # The page may ask for the slots of a pool in the moment that it goes.
    screen.expect_errors(f"404 (Not Found) ({fleet.url}/api/v1/pools/{pool}/slots")
    pool_act(page, pool, "delete")
    confirm(page, pool)
    expect(pool_of(page, pool)).to_have_count(0)


def pool_of(page: Page, pool: str) -> Any:
    return page.locator(f"[data-testid=pool][data-pool={pool}]")


def pool_act(page: Page, pool: str, act: str) -> None:
    pool_of(page, pool).get_by_test_id("pool-menu").click()
    page.get_by_test_id(act).click()


def bot_of(fleet: Flotilla, name: str) -> dict[str, Any]:
    return next(bot for bot in fleet.bots() if bot["name"] == name)

"""A fleet on the page: what is told, and what is done to it. One fleet goes through all, since it is the start that
takes long; each test leaves two bots that run."""

import json
import re
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.people import DESK, PHONE, Person, Screen
from tests.browser.test_first_run import pick, press, tab_to, write
from tests.e2e.people import PASSWORD
from tests.e2e.ruled import Prices
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

COMING_UP_MS = 600_000
AWAY = ("net::ERR_",)
"""What Chromium itself writes into the console where nobody answers."""
PRESSED = """() => ['keydown', 'keyup'].forEach((kind) =>
    document.activeElement.dispatchEvent(new KeyboardEvent(kind, { key: 'Enter', bubbles: true, cancelable: true })))"""
"""Enter, let go at once: between two calls of a test a busy machine may hold it for a second."""


def row(page: Page, name: str) -> Locator:
    """By the whole name: other words of a row may have it in them."""
    return page.get_by_test_id("bot-row").filter(has=page.get_by_role("link", name=name, exact=True))


def bot_id(fleet: Flotilla, name: str) -> str:
    return next(bot["id"] for bot in fleet.bots() if bot["name"] == name)


def test_the_bots_are_on_the_page_live(admin: Person) -> None:
    admin.sees_live()
    expect(admin.page.get_by_test_id("bot-row")).to_have_count(2)
    for name in ("one", "two"):
        expect(row(admin.page, name)).to_have_attribute("data-state", "running")
        expect(row(admin.page, name).get_by_test_id("open-trades")).to_have_text("2")


def test_a_bot_is_made_paused_emptied_and_deleted(screen: Screen, admin: Person, fleet: Flotilla) -> None:
    page = admin.page
    page.get_by_test_id("new-bot").click()
    page.get_by_test_id("template-eager").click()
    page.get_by_test_id("bot-name").fill("one")
    expect(page.get_by_text(re.compile("already", re.IGNORECASE)).first).to_be_visible()
    expect(page.get_by_test_id("create")).to_be_disabled()
    page.get_by_test_id("bot-name").fill("three")
    expect(page.get_by_test_id("memory")).to_contain_text("MB")
    page.get_by_test_id("show-configuration").click()
    shown = json.loads(page.get_by_test_id("configuration").inner_text())
    page.get_by_test_id("create").click()

    expect(page).to_have_url(re.compile("/bots/bot-"))
    expect(page.get_by_test_id("state")).to_have_attribute("data-state", "running", timeout=COMING_UP_MS)
    made = fleet.get(f"/api/v1/bots/{bot_id(fleet, 'three')}")
    assert made["pairs"] == shown["exchange"]["pair_whitelist"]
    eventually_sync(lambda: held(fleet, made["id"]), message="it holds something")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_test_id("state")).to_have_attribute("data-state", "paused")

    page.get_by_test_id("tab-trades").click()
    act(page, "Close all trades")
    page.get_by_test_id("confirm-yes").click()
    eventually_sync(lambda: not held(fleet, made["id"]), message="it holds nothing")
    act(page, "Delete")
    delete = page.get_by_test_id("confirm-yes")
    expect(delete).to_be_disabled()
    page.get_by_test_id("confirm-name").fill("three")
    screen.expect_errors(f"404 (Not Found) ({fleet.url}/api/v1/bots/{made['id']}")  # asked just before it went
    delete.click()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)


def act(page: Page, name: str) -> None:
    """One of those behind the menu."""
    page.get_by_role("group", name="Acts on this bot").get_by_role("button").last.click()
    page.get_by_role("menuitem", name=name).click()


def test_many_are_paused_and_started_at_once(admin: Person, fleet: Flotilla) -> None:
    page = admin.page
    admin.sees_live()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)  # those that are shown are selected
    page.get_by_test_id("select-all").click()
    for order, state in (("pause", "paused"), ("start", "running")):
        page.get_by_test_id(f"bulk-{order}").click()
        page.get_by_test_id("bulk-go").click()
        expect(page.locator('[data-testid="bulk-bot"][data-outcome="done"]')).to_have_count(2)
        page.get_by_test_id("bulk-close").click()
        for name in ("one", "two"):
            expect(row(page, name)).to_have_attribute("data-state", state)

        def all_are(wanted: str = state) -> bool:
            return {bot["observed_state"] for bot in fleet.bots()} == {wanted}

        eventually_sync(all_are)


def test_one_trade_is_ended_and_the_log_tells_of_it(admin: Person, fleet: Flotilla) -> None:
    two = bot_id(fleet, "two")
    eventually_sync(lambda: len(held(fleet, two)) == 2, message="it has two trades")
    trade = held(fleet, two)[0]
    page = admin.open(f"/bots/{two}/logs")
    expect(page.get_by_test_id("log-state")).to_have_attribute("data-state", "live")
    page.get_by_test_id("tab-trades").click()
    row = page.locator(f'[data-testid="trade-row"][data-trade="{trade["trade_id"]}"]')
    row.get_by_test_id("exit").click()
    page.get_by_test_id("confirm-yes").click()
    expect(row.get_by_test_id("reason")).to_contain_text(re.compile("hand|force", re.IGNORECASE))
    page.get_by_test_id("tab-logs").click()
    expect(page.get_by_test_id("log")).to_contain_text("force_exit")

    def entered_again() -> bool:
        now = [one["trade_id"] for one in held(fleet, two)]
        return len(now) == 2 and trade["trade_id"] not in now

    eventually_sync(entered_again)


def test_a_changed_configuration_is_what_the_bot_runs_with(admin: Person, fleet: Flotilla) -> None:
    two = bot_id(fleet, "two")
    page = admin.open(f"/bots/{two}/configuration")
    page.get_by_test_id("max-open").fill("0")
    expect(page.get_by_test_id("review")).to_be_disabled()
    page.get_by_test_id("max-open").fill("3")
    page.get_by_test_id("review").click()
    page.get_by_test_id("save").click()

    def told() -> object:
        return fleet.call("GET", f"/api/v1/bots/{two}/freqtrade/api/v1/show_config").json().get("max_open_trades")

    eventually_sync(lambda: told() == 3, message="FreqTrade has it")
    expect(page.get_by_test_id("state")).to_have_attribute("data-state", "running")
    assert fleet.get(f"/api/v1/bots/{two}")["max_open_trades"] == 3


def held(fleet: Flotilla, bot: str) -> list[dict[str, Any]]:
    trades: list[dict[str, Any]] = fleet.get(f"/api/v1/trades?state=open&bot_id={bot}")["items"]
    return trades


def test_a_crash_is_seen_as_a_stop_on_the_chart_and_in_the_table(admin: Person, fleet: Flotilla) -> None:
    document = {"hard_stop": {"distance": "0.05"}}
    fleet.call("PUT", "/api/v1/policies/default?confirm=true", json=document).raise_for_status()
    one = bot_id(fleet, "one")
    trade = fleet.get(f"/api/v1/trades?state=open&bot_id={one}")["items"][0]
    eventually_sync(lambda: ruled(fleet, one) == ["hard_stop", "hard_stop"], message="both trades have the rule's stop")
    page = admin.open(f"/bots/{one}/chart?pair={trade['pair']}")
    near = page.locator('[data-testid="level"][data-kind="stop"]')
    expect(near).to_have_attribute("data-rule", "hard_stop")
    assert float(near.get_attribute("data-price") or 0) > float(trade["open_rate"]) * 0.9
    expect(page.get_by_test_id("chart").locator("canvas").first).to_be_visible()
    admin.picture("chart-with-levels")
    table = admin.context.new_page()
    table.goto(f"{fleet.url}/bots/{one}/trades")
    shown = table.locator(f'[data-testid="trade-row"][data-trade="{trade["trade_id"]}"]')
    expect(shown.get_by_test_id("exit")).to_be_visible()
    expect(table.get_by_test_id("stream-state")).to_have_attribute("data-state", "live")

    unanswered: list[Route] = []

    def keep_waiting(route: Route) -> None:
        unanswered.append(route)

    admin.context.route(re.compile(r"/api/v1/(trades\?|bots/[^/]+/freqtrade/)"), keep_waiting)
    Prices(fleet.home).put(trade["pair"], float(trade["open_rate"]) * 0.9)
    closed = page.locator(f'[data-testid="exit-mark"][data-trade="{trade["trade_id"]}"]')
    expect(closed).to_have_attribute("data-reason", re.compile("hard_stop"))
    expect(shown.get_by_test_id("reason")).to_contain_text(re.compile("stop", re.IGNORECASE))
    # Behind what the stream told; requests are heard of while something is asked of a page.
    eventually_sync(lambda: table.evaluate("true") and unanswered, message="trades are asked for anew")
    admin.context.unroute_all()  # which also lets go of what waits
    admin.picture("chart-after-the-crash")
    page.get_by_test_id("tab-trades").click()
    on_the_page = page.locator(f'[data-testid="trade-row"][data-trade="{trade["trade_id"]}"]')
    expect(on_the_page.get_by_test_id("reason")).to_contain_text(re.compile("stop", re.IGNORECASE))


def ruled(fleet: Flotilla, bot: str) -> list[str | None]:
    """Whose the universal stops of its open trades are."""
    trades = fleet.get(f"/api/v1/trades?state=open&bot_id={bot}")["items"]
    return [stop and stop["rule"] for stop in (one["levels"] and one["levels"]["universal_stop"] for one in trades)]


def test_everything_is_halted_and_released_by_keyboard_alone(screen: Screen, admin: Person, fleet: Flotilla) -> None:
    screen.expect_errors("409")  # a release that is not confirmed yet is answered with its consequences
    page = admin.page
    admin.sees_live()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    tab_to(page, page.get_by_test_id("halt"))
    page.evaluate(PRESSED)
    expect(page.get_by_test_id("halt")).to_have_attribute("data-holding", "false")
    assert fleet.get("/api/v1/risk")["mode"] == "active"
    assert not [url for url in sent if "/risk" in url], "it wants to be held"

    page.keyboard.down("Enter")
    expect(page.get_by_test_id("risk-mode")).to_have_attribute("data-mode", "halted")
    page.keyboard.up("Enter")
    expect(page.get_by_test_id("risk-mode")).to_have_attribute("data-confirmed", "2")

    page.keyboard.press("Control+K")
    expect(page.get_by_placeholder("Go to, or do")).to_be_focused()
    page.keyboard.type("Risk")
    pick(page, page.get_by_role("option", name="Risk", exact=True))
    expect(page).to_have_url(re.compile("/risk"))
    press(page, page.get_by_test_id("release").first)
    write(page, page.get_by_test_id("confirm-name"), "release")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("risk-mode")).to_have_count(0)
    expect(page.get_by_test_id("fleet-mode")).to_have_attribute("data-mode", "active")


def test_two_people_see_their_own_alone(admin: Person, screen: Screen, fleet: Flotilla) -> None:
    invited = (
        fleet.call("POST", "/api/v1/invitations", json={"role": "trader", "note": "mira"}).raise_for_status().json()
    )
    mira = screen.visitor(fleet.url, viewport=PHONE, is_mobile=True, has_touch=True)
    asked: list[str] = []
    mira.page.on("request", lambda request: asked.append(request.url))
    page = mira.open(f"/invitations#{invited['token']}")
    page.get_by_label("User name").fill("mira")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_test_id("accept-invitation").click()
    expect(page).to_have_url(re.compile("/setup/"))
    page.get_by_test_id("later").click()
    mira.sees_live()
    expect(page.get_by_test_id("no-bots")).to_be_visible()
    assert not [url for url in asked if invited["token"] in url]
    screen.expect_errors("404")
    page.goto(f"{fleet.url}/bots/{bot_id(fleet, 'one')}")
    expect(page.get_by_text("There is no such bot")).to_be_visible()
    expect(page.get_by_text("one", exact=True)).to_have_count(0)
    hers = make_hers(fleet)
    page.goto(fleet.url)
    expect(page.get_by_test_id("bot-row")).to_have_count(1)
    expect(page.get_by_test_id("bot-row")).to_have_attribute("data-bot-id", hers)
    admin.sees_live()
    expect(admin.page.get_by_test_id("bot-row")).to_have_count(2)
    expect(row(admin.page, "hers")).to_have_count(0)


def make_hers(fleet: Flotilla) -> str:
    """A bot of Mira's, that does not run; its id."""
    with httpx.Client(base_url=f"{fleet.url}/api/v1", timeout=60) as client:
        signed_in = client.post("/auth/login", json={"username": "mira", "password": PASSWORD}).raise_for_status()
        client.headers["Authorization"] = f"Bearer {signed_in.json()['access_token']}"
        made = client.post(
            "/bots", json={"name": "hers", "template": "eager", "pairs": ["BTC/USDT"]}
        ).raise_for_status()
        bot_id: str = made.json()["id"]
        client.post(f"/bots/{bot_id}/stop").raise_for_status()
        return bot_id


def test_the_last_state_is_readable_offline_and_marked(screen: Screen, admin: Person) -> None:
    screen.expect_errors(*AWAY)
    page = admin.page
    admin.sees_live()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("caches.match('/flotilla-last-state')")
    admin.context.set_offline(True)
    expect(page.get_by_test_id("stream-state")).to_have_attribute("data-state", "offline")
    expect(page.get_by_test_id("not-live")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("not-live")).to_be_visible()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)
    admin.picture("offline")
    admin.context.set_offline(False)
    admin.sees_live()
    expect(page.get_by_test_id("not-live")).to_have_count(0)


def test_a_restarted_control_plane_is_gone_on_with(screen: Screen, fleet: Flotilla) -> None:
    """Last: the control plane is another one afterwards."""
    screen.expect_errors(*AWAY, "503", "502")
    person = screen.person(fleet.url, "admin", fleet.password, viewport=DESK)
    person.sees_live()
    page = person.page
    page.evaluate("window.notReloaded = true")
    fleet.process.kill()
    fleet.process.wait()
    expect(page.get_by_test_id("stream-state")).not_to_have_attribute("data-state", "live")
    expect(page.get_by_test_id("not-live")).to_be_visible()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)
    fleet.__enter__()
    assert httpx.get(f"{fleet.url}/healthz").is_success
    person.sees_live()
    expect(page.get_by_test_id("not-live")).to_have_count(0)
    assert page.evaluate("window.notReloaded")
    expect(page.get_by_test_id("bot-row").first).to_have_attribute("data-state", "running")

"""From the first start to a fleet that trades under one document of rules, by the browser and its keyboard alone. One
product goes through all of it; a template that enters at once stands in for luck."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.people import DESK, Person, Screen
from tests.browser.test_pages import faults
from tests.e2e.ruled import TEMPLATES, write_eager_template
from tests.e2e.running import Flotilla
from tests.support import eventually_sync

OWN = "seven grey herons wade"
COMING_UP_SECONDS = 600
STOPS = 80
"""Tab is pressed so often at most: more would be no path for anybody."""


@dataclass
class FirstRun:
    """`make run` with nothing there before it."""

    product: Flotilla
    password: str
    tokens: dict[str, str] = field(default_factory=dict)
    """By the password that they were given for: few sign-ins are taken in a minute."""

    def ask(self, path: str) -> Any:
        """Over the API, with the password that counts now."""
        if self.password not in self.tokens:
            credentials = {"username": "admin", "password": self.password}
            signed_in = httpx.post(f"{self.product.url}/api/v1/auth/login", json=credentials, timeout=60)
            self.tokens[self.password] = signed_in.raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {self.tokens[self.password]}"}
        return httpx.get(f"{self.product.url}{path}", headers=headers, timeout=60).raise_for_status().json()

    def bots(self) -> list[dict[str, Any]]:
        return [bot for bot in self.ask("/api/v1/bots")["items"] if bot["desired_state"] != "deleted"]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory, portal: None) -> Iterator[FirstRun]:
    home = tmp_path_factory.mktemp("first-run") / "home"
    templates = home.parent / "templates"
    write_eager_template(templates)
    shutil.copytree(TEMPLATES / "breakout", templates / "breakout")
    with Flotilla(home, "up", FLOTILLA_ORCH_TEMPLATES_DIRECTORY=str(templates)) as running:
        yield FirstRun(running, running.password)


def tab_to(page: Page, target: Locator) -> None:
    """As somebody does who has no mouse."""
    expect(target).to_be_visible()
    for _ in range(STOPS):
        if target.evaluate("node => node.contains(document.activeElement) && document.activeElement !== document.body"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{STOPS} times Tab do not lead to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    expect(target).to_be_enabled()
    page.keyboard.press(key)


def pick(page: Page, option: Locator) -> None:
    """Of a list that is open."""
    expect(option).to_be_visible()
    for _ in range(STOPS):
        if option.get_attribute("data-highlighted") is not None:
            page.keyboard.press("Enter")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no arrow leads to {option}")


def write(page: Page, target: Locator, text: str) -> None:
    tab_to(page, target)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def at_step(page: Page, step: str) -> None:
    """It is there, begins at its own top, and everybody can read it."""
    expect(page).to_have_url(re.compile(f"/setup/{step}$"))
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    heading = page.get_by_role("heading", level=2).first
    expect(heading).to_be_focused()
    assert faults(page, step) == []


def go_on(page: Page, step: str) -> None:
    press(page, page.get_by_test_id("next"))
    at_step(page, step)


def sign_in(page: Page, password: str) -> None:
    write(page, page.get_by_label("User name"), "admin")
    write(page, page.get_by_label("Password", exact=True), password)
    page.keyboard.press("Enter")


def test_whoever_puts_the_set_up_off_is_led_there_once(screen: Screen, first_run: FirstRun) -> None:
    person = screen.person(first_run.product.url, "admin", first_run.password, viewport=DESK)
    page = person.page
    expect(page).to_have_url(re.compile("/setup/password$"))
    page.get_by_test_id("later").click()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)  # the demo
    page.reload()
    expect(page.get_by_test_id("bot-row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r":\d+/$"))
    page.keyboard.press("Control+K")
    expect(page.get_by_placeholder("Go to, or do")).to_be_focused()
    page.keyboard.type("Guided")
    expect(page.get_by_role("option", name="Guided set-up")).to_have_attribute("data-highlighted", "")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/setup/password$"))


@pytest.mark.timeout(1800)
def test_from_the_first_password_to_a_trade_by_keyboard_alone(screen: Screen, first_run: FirstRun) -> None:
    person = screen.visitor(first_run.product.url, viewport=DESK)
    page = person.open("/")
    expect(page.get_by_test_id("first-run")).to_contain_text("admin-password")
    sign_in(page, first_run.password)

    at_step(page, "password")
    write(page, page.locator("input[name=current]"), first_run.password)
    write(page, page.get_by_test_id("new-password"), "short")
    page.keyboard.press("Enter")
    assert page.get_by_test_id("new-password").evaluate("(field) => field.validity.tooShort")
    assert first_run.ask("/api/v1/auth/me")["password_generated"], "it was not taken"
    write(page, page.get_by_test_id("new-password"), OWN)
    page.keyboard.press("Enter")
    at_step(page, "reading")
    first_run.password = OWN
    kept = first_run.product.home / "admin-password"
    eventually_sync(lambda: not kept.exists(), message="the file of the first password is gone")

    choose_time_zone(page, "Berlin")
    go_on(page, "exchange")
    page.go_back()
    at_step(page, "reading")
    expect(page.get_by_test_id("time-zone")).to_contain_text("Europe/Berlin")
    go_on(page, "exchange")
    go_on(page, "rules")
    tab_to(page, page.get_by_test_id("rules"))
    page.keyboard.down("ArrowDown")  # held until it counts, as a finger does
    expect(page.get_by_role("radio", name="balanced")).to_be_checked()
    page.keyboard.up("ArrowDown")
    go_on(page, "bots")
    expect(page.get_by_test_id("demo")).to_contain_text("demo-eager")
    press(page, page.get_by_test_id("keep-demo"), "Space")
    press(page, page.get_by_test_id("first-eager").get_by_role("checkbox"), "Space")
    write(page, page.get_by_test_id("name-eager"), "demo-eager")
    expect(page.get_by_test_id("next")).to_be_disabled()  # a bot has that name
    write(page, page.get_by_test_id("name-eager"), "mine")
    expect(page.get_by_test_id("next")).to_be_enabled()
    page.reload()
    at_step(page, "bots")
    expect(page.get_by_test_id("name-eager")).to_have_value("mine")
    go_on(page, "summary")
    expect(page.get_by_test_id("summary")).to_contain_text("balanced")
    expect(page.get_by_test_id("planned")).to_contain_text("mine")
    assert first_run.ask("/api/v1/policies/default")["version"] == 0, "nothing is made before it is asked for"
    person.picture("first-run-summary")

    press(page, page.get_by_test_id("next"))
    expect(page.get_by_test_id("coming")).to_have_attribute("data-name", "mine")
    page.reload()
    watch_it_trade(page)
    person.picture("first-run-trades")
    press(page, page.get_by_test_id("to-fleet"))
    mine = page.get_by_test_id("bot-row").filter(has_text="mine")
    expect(mine).to_have_attribute("data-state", "running")
    expect(mine.get_by_test_id("open-trades")).to_have_text(re.compile(r"[1-9]"))
    assert_as_asked(first_run)


def choose_time_zone(page: Page, part: str) -> None:
    press(page, page.get_by_test_id("time-zone"))
    expect(page.locator("input:focus")).to_be_visible()  # what is typed before goes nowhere
    page.keyboard.type(part)
    expect(page.get_by_role("option", name=part)).to_have_attribute("data-highlighted", "")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("time-zone")).to_contain_text(part)


def watch_it_trade(page: Page) -> None:
    expect(page.get_by_test_id("start-title")).to_have_attribute("data-over", "true", timeout=COMING_UP_SECONDS * 1000)
    expect(page.get_by_test_id("rules-done")).to_have_attribute("data-rules", "in-force")
    expect(page.get_by_test_id("coming")).to_have_attribute("data-progress", "trades", timeout=COMING_UP_SECONDS * 1000)
    assert faults(page, "start") == []


def assert_as_asked(first_run: FirstRun) -> None:
    (bot,) = first_run.bots()
    assert (bot["name"], bot["template"], bot["trading"]) == ("mine", "eager", "dry_run")
    me = first_run.ask("/api/v1/auth/me")
    assert (me["time_zone"], me["password_generated"]) == ("Europe/Berlin", False)
    assert me["set_up_at"] is not None
    default = first_run.ask("/api/v1/policies/default")
    presets = {one["name"]: one["document"] for one in first_run.ask("/api/v1/policies/presets")["items"]}
    assert (default["version"], default["document"]) == (1, {**presets["balanced"], "time_zone": "Europe/Berlin"})
    effective = eventually_sync(lambda: effective_of(first_run, bot["id"]), message="the bot keeps the rules")
    assert effective["document"]["hard_stop"] == presets["balanced"]["hard_stop"]


def effective_of(first_run: FirstRun, bot: str) -> Any:
    """Its rules, once the bot keeps them."""
    told = first_run.ask(f"/api/v1/policies/bots/{bot}/effective")
    return told if told["in_force"] else None


def test_a_bot_is_made_by_keyboard_alone(screen: Screen, first_run: FirstRun) -> None:
    person: Person = screen.visitor(first_run.product.url, viewport=DESK)
    page = person.open("/bots/new")
    sign_in(page, first_run.password)
    press(page, page.get_by_test_id("template-breakout"))
    write(page, page.get_by_test_id("bot-name"), "typed")
    tab_to(page, page.get_by_test_id("pairs"))
    with page.expect_response(re.compile("search=DOT(&|$)")):  # what is offered stays from then on
        page.keyboard.type("DOT")
    pick(page, page.get_by_role("option", name="DOT/USDT"))
    page.keyboard.press("Escape")
    expect(page.locator("form").get_by_text("DOT/USDT").first).to_be_visible()
    write(page, page.get_by_test_id("capital"), "500")
    assert faults(page, "new bot") == []
    press(page, page.get_by_test_id("create"))
    expect(page).to_have_url(re.compile("/bots/bot-"))
    expect(page.get_by_test_id("state")).to_have_attribute("data-state", "running", timeout=COMING_UP_SECONDS * 1000)
    made = next(bot for bot in first_run.bots() if bot["name"] == "typed")
    assert "DOT/USDT" in made["pairs"]
    assert float(made["starting_balance"]) == 500

"""Every page: readable by everybody (axe), light and dark, at a desk and on a phone, no error in the console."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.people import DESK, PHONE, Screen
from tests.e2e.running import Flotilla

PAGES = {
    "fleet": "/", "new-bot": "/bots/new?template=eager", "risk": "/risk", "policies": "/risk/policies",
    "actions": "/risk/actions", "audit": "/audit", "profile": "/settings/profile", "appearance": "/settings/appearance",
    "security": "/settings/security", "tokens": "/settings/tokens", "sharing": "/settings/sharing",
    "notifications": "/settings/notifications", "quotas": "/settings/quotas", "logging": "/settings/logging",
    **{f"setup-{step}": f"/setup/{step}" for step in ("password", "reading", "exchange", "rules", "bots", "summary")},
    "strategies": "/strategies", "new-strategy": "/strategies/new",
    "users": "/users", "user": "/users/admin", "portfolio": "/portfolios/admin",
    "pools": "/pools", "pool": "/pools/pool-local", "rollouts": "/pools/rollouts", "disks": "/pools/disks",
    "wallets": "/wallets", "exchange-keys": "/wallets/keys", "findings": "/wallets/findings",
    "nowhere": "/nowhere",
}  # fmt: skip
BOT_TABS = ("chart", "trades", "equity", "actions", "policy", "configuration", "events", "logs")
STRATEGY_TABS = ("code", "versions?before=1&after=2", "rollouts", "shares")
SOURCE = """from freqtrade.strategy import IStrategy


class Mine(IStrategy):
    timeframe = "5m"
    stoploss = -0.1

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
WIDER = """Math.max(...[document.documentElement, document.querySelector('#content')]
    .map((one) => (one === null ? 0 : one.scrollWidth - one.clientWidth)))"""
"""Pixels by which the page is wider than the screen: within the frame, its content scrolls by itself."""
MATTERS = ("serious", "critical")
LOOKS = {
    "desk-light": {"viewport": DESK, "color_scheme": "light"},
    "desk-dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone-light": {"viewport": PHONE, "color_scheme": "light", "is_mobile": True, "has_touch": True},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark", "is_mobile": True, "has_touch": True},
}


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_readable(screen: Screen, fleet: Flotilla, look: str) -> None:
    visitor = screen.visitor(fleet.url, **LOOKS[look])
    page = visitor.open("/sign-in")
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    found = faults(page, "sign-in")
    visitor.picture(f"{look}-sign-in")
    person = screen.person(fleet.url, "admin", fleet.password, **LOOKS[look])
    person.sees_live()
    bot = fleet.bots()[0]["id"]
    strategy = strategy_of(fleet)
    pages = {
        **PAGES,
        **{f"bot-{tab}": f"/bots/{bot}/{tab}" for tab in BOT_TABS},
        **{f"strategy-{tab.split('?')[0]}": f"/strategies/{strategy}/{tab}" for tab in STRATEGY_TABS},
    }
    for name, path in pages.items():
        page = person.open(path)
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"\S"))
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        person.picture(f"{look}-{name}")
        found += faults(page, name)
        if "phone" in look:
            wide = page.evaluate(WIDER)
            found += [f"{name}: {wide} px wider than the phone"] if wide > 0 else []
    assert found == []


def strategy_of(fleet: Flotilla) -> str:
    """A strategy of two versions, of which the second has an error; made where there is none."""
    found = fleet.get("/api/v1/strategies")["items"]
    if not found:
        made = fleet.call("POST", "/api/v1/strategies", json={"name": "mine", "source": SOURCE})
        assert made.status_code == 201, made.text
        found = [made.json()]
        path = f"/api/v1/strategies/{found[0]['id']}/versions"
        added = fleet.call("POST", path, json={"source": f"import os  # of no use\n{SOURCE}"})
        assert added.status_code == 201, added.text
    return str(found[0]["id"])


def faults(page: Page, name: str) -> list[str]:
    """What axe finds that matters, with the first element that has it."""
    answer: dict[str, Any] = Axe().run(page, options={"resultTypes": ["violations"]}).response
    return [
        f"{name}: {one['id']} ({len(one['nodes'])} times) {one['nodes'][0]['html'][:160]}"
        for one in answer["violations"]
        if one["impact"] in MATTERS
    ]

"""People as they come to one fleet: by a provider's sign-in, on a phone by touch, and by a push."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.browser.people import DESK, PHONE, Person, Screen
from tests.browser.products import empty_fleet
from tests.browser.test_fleet import bot_id
from tests.e2e.running import Flotilla
from tests.fakes.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, oidc_server
from tests.support import PATIENT_SECONDS, eventually_sync, free_port

COMING_UP_SECONDS = 600


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcServer]:
    """Listens in a thread of its own, since the browser is driven in this one."""
    begun: list[OidcServer] = []
    ready, over = threading.Event(), threading.Event()

    async def serve() -> None:
        async with oidc_server() as server:
            begun.append(server)
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENT_SECONDS), "the provider does not listen"
        yield begun[0]
    finally:
        over.set()
        thread.join(60)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, portal: None, provider: OidcServer) -> Iterator[Flotilla]:
    """With a provider."""
    home = tmp_path_factory.mktemp("people") / "home"
    secret = home.parent / "client-secret"
    secret.write_text(CLIENT_SECRET)
    acme = {
        "id": "acme", "label": "Acme", "issuer": provider.issuer, "client_id": CLIENT_ID,
        "client_secret_file": str(secret), "create_users": True,
    }  # fmt: skip
    port = str(free_port())
    environment = {
        "FLOTILLA_PORT": port, "FLOTILLA_API_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FLOTILLA_API_OIDC": json.dumps([acme]),
    }  # fmt: skip
    with empty_fleet(home, **environment) as running:
        yield running


def test_whoever_a_provider_refused_is_told_what_to_do_and_gets_in_then(
    screen: Screen, product: Flotilla, provider: OidcServer
) -> None:
    ann = screen.visitor(product.url, viewport=DESK)
    page = ann.open("/settings/security")
    provider.denies = True
    page.get_by_test_id("sign-in-acme").click()
    expect(page).to_have_url(re.compile("/sign-in/return#.*refused=unauthenticated"))
    expect(page.get_by_test_id("return-refused")).to_contain_text("Begin again")
    ann.picture("provider-refused")
    page.get_by_role("link", name="To the sign-in").click()

    provider.denies = False
    page.get_by_test_id("sign-in-acme").click()
    expect(page).to_have_url(re.compile("/settings/security$"))  # where he was going
    expect(page.get_by_test_id("sign-out").first).to_have_text("ann")
    page.goto(product.url)
    ann.sees_live()
    expect(page.get_by_test_id("no-bots")).to_be_visible()
    page.reload()
    ann.sees_live()
    assert {user["username"] for user in product.get("/api/v1/users")["items"]} == {"admin", "ann"}


def test_an_account_of_a_provider_is_refused_where_its_name_is_taken(
    screen: Screen, product: Flotilla, provider: OidcServer
) -> None:
    stranger = screen.visitor(product.url, viewport=PHONE, is_mobile=True, has_touch=True)
    page = stranger.open("/sign-in")
    claims = dict(provider.claims)
    provider.claims |= {"sub": "somebody-else", "preferred_username": "admin"}
    try:
        page.get_by_test_id("sign-in-acme").tap()
        expect(page.get_by_test_id("return-refused")).to_contain_text("link it in the settings")
    finally:
        provider.claims = claims
    page.goto(product.url)
    expect(page.get_by_label("User name")).to_be_visible()  # nobody is signed in


@contextmanager
def touched(page: Page, name: str) -> Iterator[None]:
    """A finger lies on it meanwhile."""
    box = page.get_by_test_id(name).bounding_box()
    assert box is not None
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    yield
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    session.detach()


@pytest.mark.timeout(1200)
def test_on_a_phone_a_bot_is_made_and_everything_halted_and_released(screen: Screen, product: Flotilla) -> None:
    screen.expect_errors("409")  # a release that is not confirmed yet is answered with its consequences
    phone = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
    person = screen.person(product.url, "admin", product.password, **phone)
    page = person.page
    person.sees_live()
    page.get_by_test_id("new-bot").tap()
    page.get_by_test_id("template-eager").tap()
    page.get_by_test_id("bot-name").tap()
    page.get_by_test_id("bot-name").fill("one")
    page.get_by_test_id("create").tap()
    expect(page).to_have_url(re.compile("/bots/bot-"))
    expect(page.get_by_test_id("state")).to_have_attribute("data-state", "running", timeout=COMING_UP_SECONDS * 1000)
    assert [bot["name"] for bot in product.bots()] == ["one"]

    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if is_act(request) else None)
    halt = page.get_by_test_id("halt")
    page.evaluate("performance.now = ((now) => () => now)(performance.now())")
    with touched(page, "halt"):  # time stands still: it is too short, however long this machine takes over it
        expect(halt).to_have_attribute("data-holding", "true")
    expect(halt).to_have_attribute("data-holding", "false")
    page.evaluate("delete performance.now")
    assert product.get("/api/v1/risk")["mode"] == "active"
    assert asked == [], "it wants to be held"
    with touched(page, "halt"):
        expect(page.get_by_test_id("risk-mode")).to_have_attribute("data-mode", "halted")
    expect(page.get_by_test_id("risk-mode")).to_have_attribute("data-confirmed", "1")
    assert product.get("/api/v1/risk")["mode"] == "halted"
    person.picture("phone-halted")

    page.get_by_test_id("risk-mode").tap()
    expect(page).to_have_url(re.compile("/risk"))
    page.get_by_test_id("release").first.tap()
    expect(page.get_by_test_id("confirm-yes")).to_be_disabled()
    page.get_by_test_id("confirm-name").tap()
    page.get_by_test_id("confirm-name").fill("release")
    page.get_by_test_id("confirm-yes").tap()
    expect(page.get_by_test_id("risk-mode")).to_have_count(0)
    expect(page.get_by_test_id("fleet-mode")).to_have_attribute("data-mode", "active")
    assert product.get("/api/v1/risk")["mode"] == "active"


def is_act(request: Request) -> bool:
    return request.method == "POST" and "/risk" in request.url


NOTIFICATIONS = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
    .map(({ title, body, tag, data }) => ({ title, body, tag, path: data.path }))"""
CLICK = """async () => {
    const [notification] = await self.registration.getNotifications()
    const event = new Event('notificationclick')
    const work = new Promise((waitUntil) => self.dispatchEvent(Object.assign(event, { notification, waitUntil })))
    await work
}"""
"""The browser's own click cannot be made from here; what it would tell the worker can."""


def test_a_push_is_shown_and_leads_to_its_bot(screen: Screen, product: Flotilla) -> None:
    """No push service is within reach of these tests, so that the browser refuses to subscribe: what it tells then is
    seen, and a push is delivered to the service worker by Chromium's own hand."""
    screen.expect_errors("does not support the Push API in incognito mode")
    person = screen.person(product.url, "admin", product.password, viewport=DESK)
    person.context.grant_permissions(["notifications"], origin=product.url)
    page = person.open("/settings/notifications")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.reload()
    page.get_by_test_id("push-on").click()
    expect(page.get_by_test_id("push-failed")).to_contain_text("try again")
    assert product.get("/api/v1/push/subscriptions")["items"] == []

    bot = bot_id(product, "one")
    pushed = {"kind": "bot_failed", "type": "crash_loop", "title": "one", "text": "It crashed again.", "bot_id": bot}
    deliver(person, pushed)
    eventually_sync(lambda: page.evaluate(NOTIFICATIONS), message="it is shown")
    assert page.evaluate(NOTIFICATIONS) == [
        {"title": "one", "body": "It crashed again.", "tag": f"bot_failed/crash_loop/{bot}", "path": f"/bots/{bot}"}
    ]
    (worker,) = person.context.service_workers
    worker.evaluate(CLICK)
    expect(page).to_have_url(re.compile(f"/bots/{bot}"))
    expect(page.get_by_role("heading", level=1)).to_have_text("one")
    assert page.evaluate(NOTIFICATIONS) == []


def deliver(person: Person, pushed: dict[str, Any]) -> None:
    """As a push service would, to the worker of the page."""
    session = person.context.new_cdp_session(person.page)
    found: list[str] = []

    def note(event: dict[str, Any]) -> None:
        found.extend(one["registrationId"] for one in event["registrations"] if not one["isDeleted"])

    session.on("ServiceWorker.workerRegistrationUpdated", note)
    session.send("ServiceWorker.enable")
    person.page.wait_for_function("navigator.serviceWorker.controller !== null")
    eventually_sync(lambda: person.page.evaluate("true") and found, message="the browser tells of the worker")
    data = {"origin": person.url, "registrationId": found[-1], "data": json.dumps(pushed)}
    session.send("ServiceWorker.deliverPushMessage", data)

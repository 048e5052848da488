"""People before the portal: each has a browser of his own, and what its console says is kept."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.support import PATIENT_SECONDS

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
expect.set_options(timeout=PATIENT_SECONDS * 1000)


@dataclass
class Person:
    """Somebody with a page open."""

    url: str
    username: str
    context: BrowserContext
    page: Page
    said: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Goes there as by a link that somebody sent."""
        self.page.goto(self.url + path)
        return self.page

    def sees_live(self) -> None:
        """Waits until the stream stands."""
        expect(self.page.get_by_test_id("stream-state")).to_have_attribute("data-state", "live")

    def picture(self, name: str) -> None:
        """Keeps what is on the screen, where pictures are wanted."""
        directory = os.environ.get("FLOTILLA_PICTURES")
        if directory:
            Path(directory).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(directory) / f"{name}.png")


class Screen:
    """Pages of people in one browser; none may have said an error when it closes, but for those that are `expected`."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._held = ExitStack()
        self._people: list[Person] = []
        self._expected: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None) -> None:
        self._held.close()
        if kind is None:
            told = [line for one in self._people for line in one.said]
            errors = [line for line in told if not any(part in line for part in self._expected)]
            if errors:
                raise AssertionError(f"errors in the browser's console: {errors}")

    def expect_errors(self, *parts: str) -> None:
        """The browser itself tells of these, such as of an answer 401 that the test provokes."""
        self._expected += parts

    def visitor(self, url: str, **options: Any) -> Person:
        """Somebody who has not signed in."""
        context = self._browser.new_context(locale="en-GB", timezone_id="UTC", reduced_motion="reduce", **options)
        context.set_default_timeout(PATIENT_SECONDS * 1000)
        self._held.callback(context.close)
        page = context.new_page()
        person = Person(url, "", context, page)
        page.on("console", _keeping(person.said))
        page.on("pageerror", lambda error: person.said.append(f"uncaught: {error}"))
        self._people.append(person)
        return person

    def person(self, url: str, username: str, password: str, **options: Any) -> Person:
        """Somebody who signed in by the page."""
        person = self.visitor(url, **options)
        person.username = username
        page = person.open("/sign-in")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_test_id("stream-state")).to_be_attached()
        return person


def _keeping(said: list[str]) -> Callable[[ConsoleMessage], None]:
    def keep(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(f"{message.text} ({message.location.get('url', '')})")

    return keep

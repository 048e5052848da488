"""A fleet on the page: what is told, and what is done to it."""

from playwright.sync_api import expect

from tests.browser.people import Person


def test_the_bots_are_on_the_page_live(admin: Person) -> None:
    admin.sees_live()
    rows = admin.page.get_by_test_id("bot-row")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="one")).to_contain_text("running", ignore_case=True)
    admin.picture("fleet")

"""Single sign-on against a small provider: whom it signs in, as whom, and what it does not get away with."""

import contextlib
import ssl
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from loguru import logger
from sqlmodel import col, select

from orchestrator.audit.models import AuditModel
from orchestrator.kit.clock import utc_now
from orchestrator.users.models import SessionModel, UserModel
from tests.fakes.oidc_server import CLIENT_ID, CLIENT_SECRET, OidcServer, oidc_server
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of

AUTH = "/api/v1/auth"
HOME = "https://flotilla"
BACK = f"{HOME}/sign-in/return"


@pytest.fixture
async def provider() -> AsyncIterator[OidcServer]:
    async with oidc_server() as server:
        yield server


@contextlib.asynccontextmanager
async def _world(tmp_path: Path, provider: OidcServer, **values: Any) -> AsyncIterator[World]:
    tmp_path.mkdir(exist_ok=True)
    secret = tmp_path / "client-secret"
    secret.write_text(f"{CLIENT_SECRET}\n")
    told = {
        "id": "acme",
        "label": "Acme",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret_file": str(secret),
        "create_users": True,
        **values,
    }
    async with open_world(tmp_path, public_url=HOME, oidc=[told]) as world:
        yield world


async def _at_provider(url: str) -> str:
    """Where the provider sends the browser that was sent there."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    back = str(answer.headers["location"])
    assert back.startswith(f"{HOME}{AUTH}/oidc/acme/callback?")
    return back


async def _away(browser: httpx.AsyncClient) -> str:
    answer = await browser.get(f"{AUTH}/oidc/acme/start")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def _sign_in(browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(await _at_provider(await _away(browser)))


async def _me(browser: httpx.AsyncClient) -> dict[str, Any]:
    refreshed = await browser.post(f"{AUTH}/refresh")
    assert refreshed.status_code == 200, refreshed.text
    headers = {"Authorization": f"Bearer {refreshed.json()['access_token']}"}
    me: dict[str, Any] = (await browser.get(f"{AUTH}/me", headers=headers)).json()
    return me


async def _refused(world: World) -> list[tuple[str, str, Any]]:
    """Action, subject and method of what the audit has of refusals."""
    async with world.rig.database.read() as session:
        query = select(AuditModel).where(col(AuditModel.action).like("%.refused")).order_by(col(AuditModel.at))
        rows = (await session.exec(query)).all()
    return [(row.action, row.subject, (row.after or {}).get("method")) for row in rows]


async def test_a_stranger_becomes_a_user_once_and_is_known_by_his_subject(tmp_path: Path, provider: OidcServer) -> None:
    async with _world(tmp_path, provider) as world, world.client_of(None) as browser:
        methods = (await browser.get(f"{AUTH}/methods")).json()
        assert methods["oidc"] == [{"id": "acme", "label": "Acme"}]
        answer = await _sign_in(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{BACK}#act=sign-in&provider=acme")
        me = await _me(browser)
        assert (me["username"], me["role"]) == ("ann", "viewer")
        (asked,) = provider.asked
        assert asked["code_challenge_method"] == "S256"
        assert "prompt" not in asked
        provider.claims |= {"preferred_username": "renamed", "email": "other@example.com"}
        await _sign_in(browser)
        assert (await _me(browser))["id"] == me["id"]
        async with world.rig.database.read() as session:
            user = await session.get_one(UserModel, me["id"])
            methods = (await session.exec(select(SessionModel.method).where(SessionModel.user_id == user.id))).all()
            actions = (await session.exec(select(AuditModel.action).where(AuditModel.tenant_id == user.id))).all()
        assert user.password_hash == ""
        assert methods == ["oidc", "oidc"]
        assert actions == ["user.create", "identity.link", "session.start", "session.start"]
        problem_of(await browser.post(f"{AUTH}/login", json={"username": "ann", "password": "x"}), 401)
        await world.change_user(me["id"], deactivated_at=utc_now())
        problem_of(await _sign_in(browser), 401)


async def test_certificates_are_read_once_for_a_provider(
    tmp_path: Path, provider: OidcServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _world(tmp_path, provider) as world:
        client = world.app.state.auth.oidc["acme"]
        monkeypatch.setattr(ssl, "create_default_context", lambda **_: pytest.fail("read again"))
        for _ in range(2):
            assert (await client.begin(f"{HOME}/back", "state")).url.startswith(provider.issuer)


NOT_FOR_US: list[dict[str, Any]] = [
    {"nonce": "another"},
    {"nonce": None},
    {"aud": "another-client"},
    {"aud": [CLIENT_ID, "another-client"]},
    {"aud": [CLIENT_ID, "another-client"], "azp": "another-client"},
    {"exp": 1},
    {"exp": None},
    {"iat": 4_000_000_000},
    {"iss": "https://elsewhere.example"},
    {"sub": None},
    {"sub": ""},
    {"at_hash": "AAAA"},
]


async def test_an_id_token_that_is_not_for_this_sign_in_opens_nothing(tmp_path: Path, provider: OidcServer) -> None:
    told: list[str] = []
    sink = logger.add(told.append, level="INFO", format="{message}")
    try:
        async with _world(tmp_path, provider) as world, world.client_of(None) as browser:
            for number, changes in enumerate(NOT_FOR_US, start=1):
                provider.changes = changes
                problem_of(await _sign_in(browser), 401, "unauthenticated")
                assert sum("acme signed nobody in" in line for line in told) == number
                assert not [one for one in browser.cookies if "refresh" in one]
            assert await _refused(world) == [("sign_in.refused", "fleet", "oidc"), ("sign_in.refused", "fleet", "oidc")]
            provider.changes = {}
            assert (await _sign_in(browser)).status_code == 303
    finally:
        logger.remove(sink)
    assert CLIENT_SECRET not in str(told)


async def test_codes_and_states_are_good_once_in_one_browser(tmp_path: Path, provider: OidcServer) -> None:
    async with (
        _world(tmp_path, provider) as world,
        world.client_of(None) as browser,
        world.client_of(None) as victim,
    ):
        back = await _at_provider(await _away(browser))
        problem_of(await victim.get(back), 401)  # somebody else's browser does not finish it, and it is spent
        problem_of(await browser.get(back), 401)
        back = await _at_provider(await _away(browser))
        assert (await browser.get(back)).status_code == 303
        problem_of(await browser.get(back), 401)
        used = parse_qs(urlsplit(back).query)
        fresh = parse_qs(urlsplit(await _away(browser)).query)
        replayed = {"code": used["code"][0], "state": fresh["state"][0]}
        problem_of(await browser.get(f"{AUTH}/oidc/acme/callback", params=replayed), 401)
        mixed_up = {"code": "x", "state": parse_qs(urlsplit(await _away(browser)).query)["state"][0]}
        mixed_up["iss"] = "https://elsewhere.example"
        problem_of(await browser.get(f"{AUTH}/oidc/acme/callback", params=mixed_up), 401)
        for params in ({}, {"state": "x", "code": "y"}, {"error": "access_denied", "state": "x"}):
            problem_of(await browser.get(f"{AUTH}/oidc/acme/callback", params=params), 401)
        problem_of(await browser.get(f"{AUTH}/oidc/nobody/start"), 404)


async def test_a_person_comes_back_to_the_portal_whatever_happened(tmp_path: Path, provider: OidcServer) -> None:
    page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

    def told(answer: httpx.Response) -> dict[str, list[str]]:
        assert answer.status_code == 303, answer.text
        address, _, fragment = str(answer.headers["location"]).partition("#")
        assert address == BACK  # whatever is told is told to the page alone
        return parse_qs(fragment, strict_parsing=True)

    async with _world(tmp_path, provider) as world, world.client_of(None) as browser:
        stranger = await browser.get(f"{AUTH}/oidc/acme/callback", params={"state": "x", "code": "y"}, headers=page)
        assert told(stranger) == {
            "act": ["sign-in"],
            "provider": ["acme"],
            "refused": ["unauthenticated"],
            "reference": [stranger.headers["x-request-id"]],
        }
        back = await _at_provider(await _away(browser))
        assert told(await browser.get(back, headers=page)) == {"act": ["sign-in"], "provider": ["acme"]}
        assert (await _me(browser))["username"] == "ann"
        async with world.client_of(OWNER) as owner:
            away = await owner.post(f"{AUTH}/oidc/acme/link")
            assert away.status_code == 200, away.text
            taken = told(await owner.get(await _at_provider(away.json()["url"]), headers=page))
            assert (taken["act"], taken["refused"]) == (["link"], ["conflict"])
            away = await owner.post(f"{AUTH}/oidc/acme/step-up")
            assert away.status_code == 200, away.text
            wrong = told(await owner.get(await _at_provider(away.json()["url"]), headers=page))
            assert (wrong["act"], wrong["refused"]) == (["step-up"], ["unauthenticated"])
    async with _world(tmp_path / "two", provider) as world, world.client_of(None) as browser:
        provider.answers_wrongly = True
        silent = told(await browser.get(f"{AUTH}/oidc/acme/start", headers=page))
        assert silent["refused"] == ["provider_unreachable"]


async def test_new_keys_are_read_when_they_are_used_and_a_silent_provider_is_told(
    tmp_path: Path, provider: OidcServer
) -> None:
    async with _world(tmp_path, provider) as world, world.client_of(None) as browser:
        for _ in range(2):
            assert (await _sign_in(browser)).status_code == 303
        assert provider.key_reads == 1
        provider.rotate()
        assert (await _sign_in(browser)).status_code == 303
        assert provider.key_reads == 2
    async with _world(tmp_path / "two", provider) as world, world.client_of(None) as browser:
        provider.answers_wrongly = True
        refused = problem_of(await browser.get(f"{AUTH}/oidc/acme/start"), 503, "provider_unreachable")
        assert "Acme" in refused["detail"]


async def test_nobody_is_taken_over_by_an_equal_name_or_address(tmp_path: Path, provider: OidcServer) -> None:
    async with _world(tmp_path, provider) as world, world.client_of(None) as browser, world.client_of(OTHER) as other:
        await world.change_user(OWNER, username="ann")
        refused = problem_of(await _sign_in(browser), 409)
        assert "link" in refused["detail"]

        url = (await world.client.post(f"{AUTH}/oidc/acme/link")).json()["url"]
        back = await _at_provider(url)
        problem_of(await browser.get(back), 401)  # only the browser that asked
        url = (await world.client.post(f"{AUTH}/oidc/acme/link")).json()["url"]
        assert (await world.client.get(await _at_provider(url))).status_code == 303
        (linked,) = (await world.client.get(f"{AUTH}/identities")).json()["items"]
        assert (linked["provider"], linked["name"]) == ("acme", "ann@example.com")
        assert (await _sign_in(browser)).status_code == 303
        assert (await _me(browser))["id"] == OWNER

        url = (await other.post(f"{AUTH}/oidc/acme/link")).json()["url"]
        problem_of(await other.get(await _at_provider(url)), 409)
        assert ("identity.refused", f"user/{OTHER}", None) in await _refused(world)
        problem_of(await other.delete(f"{AUTH}/identities/{linked['id']}"), 404)
        await world.change_user(OWNER, password_hash="")
        problem_of(await world.client.delete(f"{AUTH}/identities/{linked['id']}"), 409)
        await world.change_user(OWNER, password_hash="-")
        assert (await world.client.delete(f"{AUTH}/identities/{linked['id']}")).status_code == 204
        problem_of(await _sign_in(browser), 409)


async def test_a_step_up_asks_the_provider_anew(tmp_path: Path, provider: OidcServer) -> None:
    async with _world(tmp_path, provider) as world:
        client = world.client
        await client.get(await _at_provider((await client.post(f"{AUTH}/oidc/acme/link")).json()["url"]))
        async with world.rig.database.unit_of_work() as session:
            (await session.get_one(SessionModel, f"session-{OWNER}")).proved_at = utc_now() - timedelta(minutes=6)
        world.app.state.auth.principals.forget_user(OWNER)
        problem_of(await client.post(f"{AUTH}/oidc/acme/link"), 403, "step_up_required")
        for changes, status in (({"auth_time": int(time.time()) - 600}, 401), ({"auth_time": None}, 401), ({}, 303)):
            provider.changes = changes
            url = (await client.post(f"{AUTH}/oidc/acme/step-up")).json()["url"]
            answer = await client.get(await _at_provider(url))
            assert answer.status_code == status, answer.text
        assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
        assert (await client.post(f"{AUTH}/totp")).status_code == 201
        async with world.client_of(OTHER) as other:
            url = (await other.post(f"{AUTH}/oidc/acme/step-up")).json()["url"]
            problem_of(await other.get(await _at_provider(url)), 401)
        assert [subject for action, subject, _ in await _refused(world) if action == "step_up.refused"] == [
            f"user/{OWNER}", f"user/{OWNER}", f"user/{OTHER}",
        ]  # fmt: skip


async def test_who_is_let_in_and_as_what_is_the_settings_matter(tmp_path: Path, provider: OidcServer) -> None:
    roles = {"role": None, "role_claim": "groups", "roles": {"desk": "trader", "ops": "admin"}}
    async with (
        _world(tmp_path, provider, email_domains=["Example.com"], **roles) as world,
        world.client_of(None) as browser,
    ):
        for claims in (
            {},
            {"email_verified": False},
            {"email_verified": "true"},
            {"email_verified": True, "email": "ann@example.com.evil.net"},
            {"email_verified": True, "email": "ann@example.com"},  # has no role
            {"email_verified": True, "groups": ["others"]},
            {"email_verified": True, "groups": "desk", "preferred_username": "not a name!"},
        ):
            provider.changes = claims
            problem_of(await _sign_in(browser), 403, "not_allowed")
        provider.changes = {"email_verified": True, "groups": ["desk", "ops", "x"]}
        assert (await _sign_in(browser)).status_code == 303
        assert (await _me(browser))["role"] == "admin"
    async with _world(tmp_path / "two", provider, create_users=False) as world, world.client_of(None) as browser:
        problem_of(await _sign_in(browser), 401)
        async with world.rig.database.read() as session:
            assert len((await session.exec(select(UserModel).where(col(UserModel.username) == "ann"))).all()) == 0


async def test_what_an_id_token_lacks_is_asked_for(tmp_path: Path, provider: OidcServer) -> None:
    provider.claims = {"sub": "ann-at-provider"}
    provider.userinfo = {"sub": "ann-at-provider", "preferred_username": "ann", "email": "ann@example.com"}
    async with _world(tmp_path, provider) as world, world.client_of(None) as browser:
        assert (await _sign_in(browser)).status_code == 303
        assert (await _me(browser))["username"] == "ann"
        provider.userinfo = {**provider.userinfo, "sub": "somebody-else"}
        problem_of(await _sign_in(browser), 401)

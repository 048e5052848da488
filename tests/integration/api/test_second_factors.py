"""Step-up, one's own password, an authenticator app, recovery codes, and what administrators do about them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from loguru import logger
from sqlalchemy import text
from sqlmodel import col, select

from orchestrator.audit.models import AuditModel
from orchestrator.kit.clock import utc_now
from orchestrator.users import passwords as passwords_module
from orchestrator.users import sessions, totp
from orchestrator.users.models import SessionModel
from orchestrator.users.passwords import Passwords
from tests.fakes.signed_in import session_of
from tests.integration.api.world import OTHER, OWNER, World, open_world, problem_of

PASSWORD = "correct horse battery staple"
NEXT_PASSWORD = "seven grey herons wade"
AUTH = "/api/v1/auth"


class App:
    """An authenticator app, and the time that it and the control plane go by."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.secret = ""
        self.now = datetime(2026, 11, 21, 12, 0, 5, tzinfo=UTC)
        monkeypatch.setattr(totp, "utc_now", lambda: self.now)

    def code(self) -> str:
        return pyotp.TOTP(self.secret).at(self.now)

    def later(self) -> str:
        """The code half a minute later."""
        self.now += timedelta(seconds=30)
        return self.code()

    async def add(self, client: httpx.AsyncClient) -> list[str]:
        """Enrols and confirms; the recovery codes."""
        self.secret = (await client.post(f"{AUTH}/totp")).json()["secret"]
        confirmed = await client.post(f"{AUTH}/totp/confirm", json={"code": self.code()})
        assert confirmed.status_code == 200, confirmed.text
        codes: list[str] = confirmed.json()["recovery_codes"]
        return codes


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    return App(monkeypatch)


@pytest.fixture
async def known(tmp_path: Path) -> AsyncIterator[World]:
    """OWNER has a password."""
    async with open_world(tmp_path) as world:
        await world.change_user(OWNER, password_hash=await Passwords().hash(PASSWORD))
        yield world


async def _login(client: httpx.AsyncClient, password: str = PASSWORD) -> httpx.Response:
    return await client.post(f"{AUTH}/login", json={"username": OWNER, "password": password})


async def _challenge(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = (await _login(client)).json()
    assert "access_token" not in answer
    challenge: dict[str, Any] = answer
    return challenge


async def _answer(client: httpx.AsyncClient, challenge: str, **proof: str) -> httpx.Response:
    return await client.post(f"{AUTH}/login/second-factor", json={"challenge": challenge, **proof})


async def _grow_old(world: World, user_id: str = OWNER) -> None:
    """His last proof was a while ago."""
    async with world.rig.database.unit_of_work() as session:
        (await session.get_one(SessionModel, f"session-{user_id}")).proved_at = utc_now() - timedelta(minutes=6)
    world.app.state.auth.principals.forget_user(user_id)


async def _audited(world: World, action: str) -> list[AuditModel]:
    async with world.rig.database.read() as session:
        return list((await session.exec(select(AuditModel).where(col(AuditModel.action) == action))).all())


async def test_what_matters_much_wants_a_fresh_proof(known: World) -> None:
    client = known.client
    await _grow_old(known)
    problem_of(await client.post(f"{AUTH}/totp"), 403, "step_up_required")
    wrong = problem_of(await client.post(f"{AUTH}/step-up", json={"password": "wrong"}), 422)
    assert wrong["params"]["field"] == "password"
    problem_of(await client.post(f"{AUTH}/totp"), 403, "step_up_required")
    proved = await client.post(f"{AUTH}/step-up", json={"password": PASSWORD})
    assert (proved.status_code, proved.json()["expires_in"]) == (200, 300)
    assert (await client.post(f"{AUTH}/totp")).status_code == 201
    (row,) = await _audited(known, "session.prove")
    assert row.after == {"session": f"session-{OWNER}", "method": "password"}
    assert PASSWORD not in str(row)
    assert len(await _audited(known, "step_up.refused")) == 1


async def test_a_proof_that_another_process_took_counts_at_once(known: World) -> None:
    client = known.client
    await _grow_old(known)
    problem_of(await client.post(f"{AUTH}/totp"), 403, "step_up_required")
    async with known.rig.database.unit_of_work() as session:
        await sessions.prove(session, f"session-{OWNER}")
    assert (await client.post(f"{AUTH}/totp")).status_code == 201


async def test_with_an_app_a_password_alone_opens_nothing(known: World, app: App) -> None:
    client = known.client
    async with known.client_of(None) as browser:
        enrolled = (await client.post(f"{AUTH}/totp")).json()
        app.secret = enrolled["secret"]
        assert enrolled["uri"].startswith("otpauth://totp/Flotilla:user-one?secret=")
        assert "<svg" in enrolled["qr_svg"]
        assert "access_token" in (await _login(browser)).json(), "nothing counts before it is confirmed"
        problem_of(await client.post(f"{AUTH}/totp/confirm", json={"code": "000000"}), 422)
        confirmed = await client.post(f"{AUTH}/totp/confirm", json={"code": app.code()})
        assert len(set(confirmed.json()["recovery_codes"])) == 10
        problem_of(await client.post(f"{AUTH}/totp"), 409)

        challenge = await _challenge(browser)
        assert challenge["ways"] == ["totp", "recovery"]
        problem_of(await _answer(browser, challenge["challenge"], code=app.code()), 401)  # was taken to confirm
        taken = app.later()
        signed_in = await _answer(browser, challenge["challenge"], code=taken)
        assert signed_in.status_code == 200
        assert (await browser.post(f"{AUTH}/refresh")).status_code == 200
        problem_of(await _answer(browser, challenge["challenge"], code=app.later()), 401)  # a challenge is good once
        again = await _challenge(browser)
        app.now -= timedelta(seconds=30)
        problem_of(await _answer(browser, again["challenge"], code=taken), 401)  # and so is a code
        async with known.rig.database.read() as session:
            rows = (await session.exec(select(SessionModel).where(col(SessionModel.second_factor) == "totp"))).all()
            stored = str((await session.exec(text("SELECT * FROM totp"))).all())  # type: ignore[call-overload]
        assert len(rows) == 1
        assert app.secret not in stored
        told = (await client.get(f"{AUTH}/factors")).json()
        assert (told["passkeys"], told["recovery_codes_left"], told["password"]) == (0, 10, True)
        assert told["totp_since"] is not None

        assert (await client.delete(f"{AUTH}/totp")).status_code == 204
        assert "access_token" in (await _login(browser)).json()
        assert (await client.get(f"{AUTH}/factors")).json()["recovery_codes_left"] == 0


async def test_a_challenge_takes_few_wrong_answers(known: World, app: App) -> None:
    await app.add(known.client)
    async with known.client_of(None) as browser:
        challenge = (await _challenge(browser))["challenge"]
        for _ in range(5):
            problem_of(await _answer(browser, challenge, recovery_code="aaaa-bbbb-cccc-dddd"), 401)
        gone = problem_of(await _answer(browser, challenge, code=app.later()), 401)
        assert "unknown" in gone["detail"]
    assert len(await _audited(known, "factor.refused")) == 5


async def test_a_code_is_good_once_even_for_two_at_once(known: World, app: App) -> None:
    codes = await app.add(known.client)
    async with known.client_of(None) as browser:
        challenges = [(await _challenge(browser))["challenge"] for _ in range(3)]
        typed = codes[0].upper().replace("-", " ")
        answers = await asyncio.gather(*(_answer(browser, one, recovery_code=typed) for one in challenges))
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401]
        challenges = [(await _challenge(browser))["challenge"] for _ in range(2)]
        code = app.later()
        answers = await asyncio.gather(*(_answer(browser, one, code=code) for one in challenges))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        fresh = (await known.client.post(f"{AUTH}/recovery-codes")).json()["recovery_codes"]
        challenge = (await _challenge(browser))["challenge"]
        problem_of(await _answer(browser, challenge, recovery_code=codes[1]), 401)
        assert (await _answer(browser, challenge, recovery_code=fresh[1])).status_code == 200


async def test_a_step_up_wants_what_a_sign_in_wants(known: World, app: App) -> None:
    await app.add(known.client)
    await _grow_old(known)
    alone = problem_of(await known.client.post(f"{AUTH}/step-up", json={"password": PASSWORD}), 422)
    assert alone["params"]["field"] == "code"
    problem_of(await known.client.post(f"{AUTH}/step-up", json={"code": app.later()}), 422)
    both = {"password": PASSWORD, "code": app.code()}
    assert (await known.client.post(f"{AUTH}/step-up", json=both)).status_code == 200


async def test_a_changed_password_ends_the_other_sessions_and_the_challenges_before(known: World, app: App) -> None:
    async with known.client_of(None) as browser:
        elsewhere = {"Authorization": f"Bearer {(await _login(browser)).json()['access_token']}"}
        assert (await browser.get(f"{AUTH}/me", headers=elsewhere)).status_code == 200
        await app.add(known.client)
        challenge = (await _challenge(browser))["challenge"]
        for body, field in (
            ({"new_password": NEXT_PASSWORD}, "current_password"),
            ({"current_password": "wrong", "new_password": NEXT_PASSWORD}, "current_password"),
            ({"current_password": PASSWORD, "new_password": "short"}, "new_password"),
            ({"current_password": PASSWORD, "new_password": "password12345"}, "new_password"),
        ):
            assert problem_of(await known.client.put(f"{AUTH}/password", json=body), 422)["params"]["field"] == field
        change = {"current_password": PASSWORD, "new_password": NEXT_PASSWORD}
        assert (await known.client.put(f"{AUTH}/password", json=change)).status_code == 204
        assert (await known.client.get(f"{AUTH}/me")).status_code == 200
        problem_of(await browser.get(f"{AUTH}/me", headers=elsewhere), 401)
        problem_of(await _answer(browser, challenge, code=app.later()), 401)
        problem_of(await _login(browser), 401)
        assert (await _login(browser, NEXT_PASSWORD)).status_code == 200
    (row,) = await _audited(known, "user.set_password")
    assert row.after == {"sessions_ended": 1}


async def test_every_refused_sign_in_reads_alike_and_costs_the_same(
    known: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = await Passwords().hash(PASSWORD)
    await known.rig.add_user("gone")
    await known.rig.add_user("by-provider")
    await known.change_user("gone", password_hash=hashed, deactivated_at=utc_now())
    await known.change_user("by-provider", password_hash="")
    verified: list[str] = []
    verify = passwords_module._hasher.verify

    def counted(password: str, password_hash: str) -> bool:
        verified.append(password_hash)
        return verify(password, password_hash)

    monkeypatch.setattr(passwords_module._hasher, "verify", counted)
    seen = []
    async with known.client_of(None) as client:
        for name, password in (
            (OWNER, "wrong"),
            ("nobody", PASSWORD),
            ("gone", PASSWORD),
            ("by-provider", PASSWORD),
        ):
            verified.clear()
            body = problem_of(await client.post(f"{AUTH}/login", json={"username": name, "password": password}), 401)
            del body["correlation_id"]
            seen.append((body, len(verified)))
    assert all(one == seen[0] for one in seen)
    assert seen[0][1] == 1
    told = {row.subject for row in await _audited(known, "sign_in.refused")}
    assert told == {f"user/{OWNER}", "user/by-provider", "fleet"}, "an account that is attacked, but no name"


async def test_an_administrator_resets_a_users_factors(known: World, app: App) -> None:
    await app.add(known.client)
    await known.change_user(OTHER, role="admin")
    async with known.client_of(OTHER) as admin, known.client_of(None) as browser:
        path = f"/api/v1/users/{OWNER}/factors/reset"
        problem_of(await known.client.post(path, json={}), 403, "not_allowed")
        problem_of(await admin.post("/api/v1/users/nobody/factors/reset", json={}), 404)
        await _grow_old(known, OTHER)
        problem_of(await admin.post(path, json={}), 403, "step_up_required")
        async with known.rig.database.unit_of_work() as session:
            (await session.get_one(SessionModel, session_of(OTHER).id)).proved_at = utc_now()
        known.app.state.auth.principals.forget_user(OTHER)
        assert (await admin.post(path, json={"reason": "She lost it."})).status_code == 204
        problem_of(await known.client.get(f"{AUTH}/me"), 401)
        assert "access_token" in (await _login(browser)).json()
    (row,) = await _audited(known, "factors.reset")
    assert (row.actor, row.tenant_id, row.why) == (OTHER, OWNER, "She lost it.")


async def test_a_password_is_changed_with_a_second_factor_where_there_is_one(known: World, app: App) -> None:
    change = {"current_password": PASSWORD, "new_password": NEXT_PASSWORD}
    await app.add(known.client)
    await _grow_old(known, OWNER)
    problem_of(await known.client.put(f"{AUTH}/password", json=change), 403, "step_up_required")
    proof = {"password": PASSWORD, "code": app.later()}
    assert (await known.client.post(f"{AUTH}/step-up", json=proof)).status_code == 200
    assert (await known.client.put(f"{AUTH}/password", json=change)).status_code == 204


async def test_programs_do_not_reach_an_account(known: World) -> None:
    made = await known.client.post("/api/v1/tokens", json={"name": "one", "scopes": ["read", "trade"]})
    assert made.status_code == 201, made.text
    async with known.client_of(None, base_url="https://flotilla") as program:
        program.headers["Authorization"] = f"Bearer {made.json()['token']}"
        for method, path in (("GET", "factors"), ("POST", "totp"), ("GET", "passkeys"), ("POST", "recovery-codes")):
            problem_of(await program.request(method, f"{AUTH}/{path}"), 403, "not_allowed")


async def test_nothing_that_proves_who_one_is_gets_into_the_log_or_the_audit(known: World, app: App) -> None:
    told: list[str] = []
    sink = logger.add(told.append, level="TRACE")
    try:
        async with known.client_of(None) as browser:
            codes = await app.add(known.client)
            challenge = (await _challenge(browser))["challenge"]
            await _answer(browser, challenge, recovery_code="aaaa-bbbb-cccc-dddd")
            signed_in = await _answer(browser, challenge, code=app.later())
            change = {"current_password": PASSWORD, "new_password": NEXT_PASSWORD}
            assert (await known.client.put(f"{AUTH}/password", json=change)).status_code == 204
            refresh = next(iter(browser.cookies.values()))
    finally:
        logger.remove(sink)
    async with known.rig.database.read() as session:
        rows = (await session.exec(select(AuditModel))).all()
    assert told
    assert rows
    kept = "".join(told) + "".join(str(row.model_dump()) for row in rows)
    secret = [PASSWORD, NEXT_PASSWORD, app.secret, challenge, *codes, refresh, signed_in.json()["access_token"]]
    assert [one for one in secret if one in kept] == []

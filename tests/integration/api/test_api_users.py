"""What users may have, as administrators say over the API."""

from typing import Any

import httpx
import pytest

from tests.integration.api.test_api_pools import ADMIN, admin, audited
from tests.integration.api.world import OWNER, World, problem_of

__all__ = ["admin"]
PATH = f"/api/v1/users/{OWNER}/quotas"


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_only_administrators_may(world: World, method: str) -> None:
    body: dict[str, Any] | None = None if method == "GET" else {"max_bots": 1000}
    problem_of(await world.client.request(method, PATH, json=body), 403, "not_allowed")


async def test_a_quota_counts_at_once_and_can_be_taken_back(world: World, admin: httpx.AsyncClient) -> None:
    first = await world.create("one")
    set_to = await admin.patch(PATH, json={"max_bots": 1, "reason": "trial"})
    assert set_to.status_code == 200, set_to.text
    assert (set_to.json()["max_bots"], set_to.json()["allowed_bots"], set_to.json()["bots"]) == (1, 1, 1)
    assert set_to.json()["max_memory_bytes"] is None
    refused = await world.client.post("/api/v1/bots", json={"name": "two", "template": "trend"})
    assert problem_of(refused, 403, "quota_exceeded")["params"]["limit"] == "max_bots"
    back = await admin.patch(PATH, json={"max_bots": None, "max_memory_bytes": 10})
    assert (back.json()["allowed_bots"], back.json()["allowed_memory_bytes"]) == (None, 10)
    stopped = await world.client.post(f"/api/v1/bots/{first['id']}/stop")
    assert stopped.status_code == 202
    for verb in ("start", "resume", "pause"):
        refused = await world.client.post(f"/api/v1/bots/{first['id']}/{verb}")
        assert problem_of(refused, 403, "quota_exceeded")["params"]["limit"] == "max_memory_bytes"
    rows = await audited(admin, subject=f"user/{OWNER}")
    assert [(row["action"], row["actor"], row["reason"]) for row in rows] == [
        ("user.quotas", ADMIN, ""),
        ("user.quotas", ADMIN, "trial"),
    ]
    assert (rows[1]["before"], rows[1]["after"]) == ({"max_bots": None}, {"max_bots": 1})


async def test_bad_quotas_and_unknown_users_are_refused(admin: httpx.AsyncClient) -> None:
    problem_of(await admin.get("/api/v1/users/nobody/quotas"), 404, "not_found")
    problem_of(await admin.patch("/api/v1/users/nobody/quotas", json={}), 404, "not_found")
    for body in ({"max_bots": -1}, {"max_bots": "many"}, {"max_memory_bytes": 2**61}, {"bots": 1}):
        problem_of(await admin.patch(PATH, json=body), 422, "invalid_spec")
    assert (await admin.patch(PATH, json={})).json()["allowed_bots"] is None
    assert await audited(admin, subject=f"user/{OWNER}") == []

"""GET of portfolio and history."""

import pytest

from orchestrator.bots.models import BotStatusModel
from orchestrator.kit.clock import utc_now
from orchestrator.portfolio import bot_history
from orchestrator.portfolio.task import PortfolioTask
from pool.contract.snapshots import BotSnapshot
from tests.fakes.portfolio_world import PortfolioWorld
from tests.integration.stream.sse import Served


async def test_the_portfolio_is_in_decimal_strings(served: Served) -> None:
    response = await served.client.get("/api/v1/portfolio")
    assert response.status_code == 200
    body = response.json()
    assert (body["currency"], body["equity"], body["starting_capital"]) == ("USDT", "1100", "1000")
    assert body["profit_ratio"] == "0.10000000"
    assert body["dry"]["equity"] == "1100"
    assert body["live"]["equity"] == "0"
    (bot,) = body["bots"]
    assert (bot["id"], bot["state"], bot["equity"]) == ("bot-a", "running", "1100")


@pytest.mark.parametrize("span", ["1h", "24h", "7d", "30d", "all"])
async def test_history_of_every_range(served: Served, world: PortfolioWorld, span: str) -> None:
    task = PortfolioTask(world.database, served.bus)
    await task.recompute({"user-1"})
    await task.write(everything=True)
    body = (await served.client.get("/api/v1/portfolio/history", params={"range": span})).json()
    assert body["range"] == span
    assert [point["equity"] for point in body["points"]] == ["1100"]
    assert [point["equity"] for point in body["dry"]] == ["1100"]
    assert body["live"] == []


async def test_a_short_series_of_every_bot(served: Served, world: PortfolioWorld) -> None:
    async with world.database.unit_of_work() as session:
        told = BotSnapshot.model_validate((await session.get_one(BotStatusModel, "bot-a")).snapshot)
        await bot_history.record(session, {"bot-a": told}, utc_now())
    body = (await served.client.get("/api/v1/portfolio/sparklines", params={"range": "1h"})).json()
    assert body["range"] == "1h"
    (line,) = body["items"]
    assert (line["bot_id"], line["currency"]) == ("bot-a", "USDT")
    assert line["profit"] == [None] * (len(body["times"]) - 1) + ["100"]


@pytest.mark.parametrize(("path", "span"), [("history", "2h"), ("sparklines", "2h"), ("sparklines", "all")])
async def test_an_unknown_range_is_refused_by_name(served: Served, path: str, span: str) -> None:
    response = await served.client.get(f"/api/v1/portfolio/{path}", params={"range": span})
    assert response.status_code == 422
    assert response.json()["params"]["field"] == "range"


@pytest.mark.parametrize("path", ["", "/history", "/sparklines", "/stream"])
async def test_every_route_is_behind_auth(served: Served, path: str) -> None:
    response = await served.client.get(f"/api/v1/portfolio{path}", headers={"Authorization": "Bearer wrong"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/problem+json"


async def test_the_openapi_document_tells_of_the_stream(served: Served) -> None:
    operation = served.app.openapi()["paths"]["/api/v1/portfolio/stream"]["get"]
    assert "text/event-stream" in operation["responses"]["200"]["content"]
    names = {parameter["name"].lower() for parameter in operation["parameters"]}
    assert {"last-event-id", "ticket"} <= names

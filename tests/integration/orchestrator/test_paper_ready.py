"""The paper exchange counts as ready when it answers, not when its record tells of one that did."""

import json
from pathlib import Path

import httpx
import pytest

from orchestrator.exchanges.paper import PaperExchange
from orchestrator.kit.detached import Detached

PID = 4242


class Answering:
    """What the process says, and how often it was asked."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.paths: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        if self.status == 0:
            raise httpx.ConnectError("refused")
        return httpx.Response(self.status, json={})


def exchange(directory: Path, answering: Answering, pid: int) -> PaperExchange:
    (directory / "endpoint.json").write_text(json.dumps({"url": "http://paper", "pid": pid}))
    return PaperExchange(directory, transport=httpx.MockTransport(answering))


@pytest.fixture
def living(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Detached, "living_pid", lambda _self, _told: PID)


@pytest.mark.usefixtures("living")
async def test_one_that_answers_is_ready_and_not_asked_each_time(tmp_path: Path) -> None:
    answering = Answering()
    paper = exchange(tmp_path, answering, PID)
    assert [await paper.answers() for _ in range(3)] == [True] * 3
    assert answering.paths == ["/api/v3/ping"]


@pytest.mark.usefixtures("living")
async def test_the_record_of_an_earlier_process_does_not_count(tmp_path: Path) -> None:
    answering = Answering()
    assert not await exchange(tmp_path, answering, PID - 1).answers()
    assert not answering.paths


@pytest.mark.usefixtures("living")
@pytest.mark.parametrize("status", [0, 503])
async def test_one_that_does_not_serve_is_not_ready(tmp_path: Path, status: int) -> None:
    assert not await exchange(tmp_path, Answering(status), PID).answers()


async def test_one_whose_process_is_gone_is_not_ready(tmp_path: Path) -> None:
    answering = Answering()
    assert not await exchange(tmp_path, answering, 2**22 + 1).answers()
    assert not answering.paths

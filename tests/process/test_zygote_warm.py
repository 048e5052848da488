"""A zygote with its whole warm-up, beside a paper exchange, without one, and with one that comes to nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.zygote_driver import ROOT, ZygoteDriver
from tests.support import eventually_sync

pytestmark = pytest.mark.timeout(1500)

IMMORTAL = sys.version_info[:2] in ((3, 12), (3, 13))
STAND_IN = "tests.process.zygote_stand_in"
MOST_PRIVATE_BYTES = 40 * 2**20
"""Far above what was measured (12 MB), far below what a bot needs that shares nothing (60 MB and more)."""


@pytest.fixture(scope="module")
def paper_exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("exchange")
    options = ["--directory", str(directory), "--symbols", "60", "--seed", "5"]
    process = subprocess.Popen([sys.executable, "-m", "pool.exchange.simulator", *options], cwd=ROOT)
    endpoint = directory / "endpoint.json"
    try:
        eventually_sync(endpoint.exists, message="the paper exchange listens")
        yield json.loads(endpoint.read_text())["url"]
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory, paper_exchange: str) -> Iterator[ZygoteDriver]:
    directory = tmp_path_factory.mktemp("pool")
    with ZygoteDriver(directory, module=STAND_IN, paper_exchange_url=paper_exchange) as driver:
        driver.report = driver.ready()
        yield driver


def test_it_warms_up_without_a_complaint_and_leaves_nothing_behind(zygote: ZygoteDriver) -> None:
    assert zygote.report["shared_markets"] > 60
    assert zygote.report["notes"] == [] or not IMMORTAL
    assert zygote.report["warm_seconds"] > 0
    assert [path.name for path in zygote.directory.iterdir() if path.name.startswith("rehearsal")] == []
    pid = zygote.process.pid
    assert len(os.listdir(f"/proc/{pid}/task")) == 1
    targets = {name: os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")}
    assert [name for name, target in targets.items() if target.startswith("socket:")] == ["3"]
    assert [target for target in targets.values() if target.startswith("anon_inode:")] == []
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    assert children == ""


def test_a_bot_shares_and_trades_and_stays_small(zygote: ZygoteDriver, paper_exchange: str) -> None:
    pid = zygote.fork("trader")
    facts = zygote.facts("trader", timeout_seconds=400)
    assert zygote.reap(pid) == 0
    assert facts["shared"]
    assert facts["shared_after_refresh"]
    assert facts["markets"] == zygote.report["shared_markets"]
    assert facts["own_url"] == f"{paper_exchange}/api/v3"
    assert facts["rate"] > 0
    assert not facts["all_tickers_kept"]
    assert facts["app_shared"]
    assert facts["state"] == "RUNNING"
    assert facts["trades"] > 0
    assert facts["boot_seconds"] < 60
    if IMMORTAL:
        assert facts["uss_bytes"] < MOST_PRIVATE_BYTES


def test_bots_side_by_side_do_not_share_connections_or_trades(zygote: ZygoteDriver) -> None:
    names = ["trader-1", "trader-2", "trader-3"]
    pids = [zygote.fork(name) for name in names]
    facts = [zygote.facts(name, timeout_seconds=400) for name in names]
    assert [zygote.reap(pid) for pid in pids] == [0, 0, 0]
    assert all(found["state"] == "RUNNING" and found["trades"] > 0 for found in facts)
    assert (
        len(
            {
                zygote.home(name) / "tradesv3.sqlite"
                for name in names
                if (zygote.home(name) / "tradesv3.sqlite").exists()
            }
        )
        == 3
    )


def test_it_comes_up_beside_an_exchange_that_does_not_answer(tmp_path: Path) -> None:
    with ZygoteDriver(tmp_path, module=STAND_IN, paper_exchange_url="http://127.0.0.1:1") as zygote:
        report = zygote.ready()
        assert report["shared_markets"] is None
        assert any("paper exchange did not answer" in note for note in report["notes"])
        pid = zygote.fork("bare")
        zygote.facts("bare")
        (zygote.home("bare") / "leave").write_text("0")
        assert zygote.reap(pid) == 0

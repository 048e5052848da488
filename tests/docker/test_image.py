"""The pool's image as it runs: who its processes are, what they may do, whose its files are, and how it ends.

One container for all; the tests run in their order.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.cli.containers import HALT_BY_HAND, RELEASE_BY_HAND
from pool.contract import PROTOCOL_VERSION
from tests.docker.pool_container import AGENT_UID, BOT_UID_FIRST, TOKEN, PoolContainer, build_pool_image
from tests.process.bot.harness import BUYER, PRICING
from tests.support import eventually_sync
from tests.unit.rules.test_strategy_source import GOOD

pytestmark = pytest.mark.timeout(1500)

CHOWN, KILL, SETGID, SETUID, SYS_PTRACE = (1 << bit for bit in (0, 5, 6, 7, 19))
ALL_FIVE = CHOWN | KILL | SETGID | SETUID | SYS_PTRACE
WARM_SECONDS = 600


@pytest.fixture(scope="module")
def image(docker_client: Any) -> str:
    return build_pool_image()


@pytest.fixture(scope="module")
def pool(docker_client: Any, image: str) -> Iterator[PoolContainer]:
    container = PoolContainer(docker_client, image)
    try:
        container.settings["paper_exchange_url"] = container.start_exchange()
        container.create()
        container.start()
        yield container
    finally:
        container.close()


def test_labels_tell_versions_and_no_shell_starts_anything(docker_client: Any, image: str) -> None:
    configuration = docker_client.inspect_image(image)["Config"]
    labels = configuration["Labels"]
    assert labels["flotilla.protocol"] == str(PROTOCOL_VERSION)
    assert labels["flotilla.freqtrade"] == "2026.9"
    assert (
        labels["flotilla.version"]
        == dict(entry.split("=", 1) for entry in configuration["Env"])["FLOTILLA_IMAGE_VERSION"]
    )
    assert configuration["Entrypoint"] == ["/usr/bin/tini", "--", "python", "-m", "pool", "--directory", "/pool"]
    assert configuration["Healthcheck"]["Test"][:2] == ["CMD", "python"]


def test_nothing_of_the_building_machine_stays(pool: PoolContainer) -> None:
    found = pool.python(
        "import glob, json, shutil; print(json.dumps(glob.glob('/etc/pip.conf') + glob.glob('/root/.*pip*')"
        " + [name for name in ('gcc', 'cc', 'pip') if shutil.which(name)]))"
    )
    assert found == []


def test_each_process_has_just_what_it_needs(pool: PoolContainer) -> None:
    processes = pool.processes()
    assert processes["tini"]["Pid"] == "1"
    rights = {name: int(processes[name]["CapEff"], 16) for name in ("pool", "pool.zygote", "pool.agent")}
    assert rights == {"pool": ALL_FIVE, "pool.zygote": CHOWN | SETGID | SETUID, "pool.agent": 0}
    for name in ("pool.zygote", "pool.agent"):
        told = processes[name]
        assert told["CapPrm"] == told["CapEff"], "nothing is held back to be taken up later"
        assert int(told["CapInh"], 16) == int(told["CapAmb"], 16) == 0
        assert told["NoNewPrivs"] == "1"
    agent = processes["pool.agent"]
    assert agent["Uid"].split() == agent["Gid"].split() == [str(AGENT_UID)] * 4
    assert agent["Groups"] == ""
    assert processes["pool.zygote"]["Uid"].split() == ["0"] * 4


def test_the_directory_belongs_to_the_agent_and_root_reads_no_token(pool: PoolContainer) -> None:
    found = pool.python(
        "import json, os; print(json.dumps({name: [os.lstat('/pool/' + name).st_uid, os.lstat('/pool/' + name).st_gid,"
        " oct(os.lstat('/pool/' + name).st_mode & 0o7777)] for name in ['.', *os.listdir('/pool')]}))"
    )
    assert found["."] == found["bots"] == [AGENT_UID, 0, "0o771"]
    assert found["logs"] == [AGENT_UID, 0, "0o770"]
    assert found["archive"] == [AGENT_UID, AGENT_UID, "0o700"]
    assert found["agent-token"] == [AGENT_UID, AGENT_UID, "0o400"]
    assert found["agent.sock"] == [AGENT_UID, AGENT_UID, "0o666"]
    # With all of init's capabilities, of which the zygote has but three.
    assert not pool.python("import json, os; print(json.dumps(os.access('/pool/agent-token', os.R_OK)))")


def test_no_environment_or_argument_holds_the_token(pool: PoolContainer) -> None:
    source = """
import contextlib, json, pathlib
found = []
for pattern in ("[0-9]*/environ", "[0-9]*/cmdline"):
    for path in pathlib.Path("/proc").glob(pattern):
        with contextlib.suppress(OSError):
            found.append(path.read_bytes().decode("utf-8", "replace"))
print(json.dumps(found))
"""
    found = pool.python(source) + pool.python(source, user=f"{AGENT_UID}:{AGENT_UID}")
    environments = [text for text in found if "FLOTILLA_IMAGE_VERSION=" in text]
    assert len(environments) >= 4, "tini, init, zygote and, as itself, the agent"
    assert not [text for text in found if TOKEN in text]


def test_the_root_is_read_only_and_no_file_raises_privileges(pool: PoolContainer) -> None:
    source = """
import json, os, stat
refused = []
for place in ("/", "/opt/flotilla", "/usr/bin", "/etc"):
    try:
        open(os.path.join(place, "written"), "w")
    except OSError as problem:
        refused.append(problem.strerror)
raising = [os.path.join(top, name) for top, _, names in os.walk("/usr") for name in names
           if os.lstat(os.path.join(top, name)).st_mode & (stat.S_ISUID | stat.S_ISGID)]
print(json.dumps([refused, raising]))
"""
    assert pool.python(source) == [["Read-only file system"] * 4, []]


def test_it_becomes_healthy(pool: PoolContainer) -> None:
    eventually_sync(lambda: pool.state["Health"]["Status"] == "healthy", message="healthy")


def test_a_bot_trades_as_a_user_of_its_own_and_init_tells_what_it_uses(pool: PoolContainer) -> None:
    eventually_sync(lambda: pool.pool()["zygote"]["state"] == "ready", WARM_SECONDS, "zygote warm")
    answer = pool.call("PUT", "/v1/slots/bot-1", json=spec("running"))
    assert answer.status_code == 201, answer.text
    slot = eventually_sync(lambda: _seen(pool, "bot-1"), message="bot runs and is measured")
    assert 0 < slot["memory"]["uss_bytes"] < 200 * 2**20
    status = pool.python(
        f"import json; print(json.dumps(open('/proc/{slot['pid']}/status').read().splitlines()))",
    )
    fields = dict(line.split(":", 1) for line in status)
    assert {*fields["Uid"].split(), *fields["Gid"].split()} == {str(BOT_UID_FIRST)}
    assert int(fields["CapEff"], 16) == 0
    owner = pool.python(
        "import json, os; found = os.stat('/pool/bots/bot-1');"
        " print(json.dumps([found.st_uid, found.st_gid, oct(found.st_mode & 0o7777)]))"
    )
    assert owner == [BOT_UID_FIRST, AGENT_UID, "0o2770"]
    report = pool.pool()
    assert all(report[whose]["pss_bytes"] > 0 for whose in ("init_memory", "agent_memory", "bots_memory"))
    assert report["zygote"]["memory"]["pss_bytes"] > 0
    assert pool.call("GET", "/v1/slots/bot-1/logs?tail=5").text, "the agent reads the bot's log"


def test_a_strategy_is_checked_as_a_user_of_its_own(pool: PoolContainer) -> None:
    """All the way: behind the walls, where files below /proc/self are root's by then."""

    def check(source: str) -> dict[str, Any]:
        body = {"strategy": {"class_name": "Mine", "source": source}}

        def answered() -> httpx.Response | None:
            answer = pool.call("POST", "/v1/checks", json=body, timeout=WARM_SECONDS)
            return None if answer.status_code == httpx.codes.CONFLICT else answer  # the zygote is not warm yet

        answer: httpx.Response = eventually_sync(answered, WARM_SECONDS, "the pool looks at it")
        assert answer.status_code == httpx.codes.OK, answer.text
        return dict(answer.json())

    good = check(GOOD)
    assert (good["findings"], good["facts"]["timeframe"], good["freqtrade"]) == ([], "5m", "2026.9")
    asked = "    def bot_start(self, **kwargs):\n        raise ValueError(f'I am {logging.os.getuid()}')\n"
    (found,) = check(f"import logging\n{GOOD}\n{asked}")["findings"]
    uid = int(found["message"].rpartition(" ")[2])
    assert uid >= BOT_UID_FIRST
    assert found["line"] == len(GOOD.splitlines()) + 4
    left = "import json, os; print(json.dumps(os.listdir('/pool/checks')))"
    assert pool.python(left, f"{AGENT_UID}:{AGENT_UID}") == [], "the agent removes what a check made"


def test_offline_the_kill_switch_reaches_a_bot_in_a_container(pool: PoolContainer, tmp_path: Path) -> None:
    """Nothing but Docker is asked: by the command line itself, then by the line that it prints for who has none."""

    def flotilla(act: str, *arguments: str) -> str:
        command = [sys.executable, "-m", "api.cli", act, "--offline", "--installation", pool.name, *arguments]
        environment = {**os.environ, "FLOTILLA_HOME": str(tmp_path)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def by_hand(lines: str) -> None:
        filled = lines.replace("NAME", pool.name)
        subprocess.run(["sh", "-euc", filled], cwd=tmp_path, env=dict(os.environ), check=True, timeout=120)

    def is_halted(flag: bool) -> bool:
        return (pool.slot("bot-1")["mode"] == "halted") is flag

    assert is_halted(False)
    assert "1 pool is halted" in flotilla("halt", "--reason", "Fire.")
    eventually_sync(lambda: is_halted(True), message="the bot is halted")
    assert "1 pool is released" in flotilla("release")
    eventually_sync(lambda: is_halted(False), message="the bot is released")
    assert "1 bot is halted" in flotilla("halt", "--bot", "bot-1")
    eventually_sync(lambda: is_halted(True), message="the bot is halted by its own flag")
    assert "1 bot is released" in flotilla("release", "--bot", "bot-1")
    eventually_sync(lambda: is_halted(False), message="the bot is released from its own flag")
    by_hand(HALT_BY_HAND)
    eventually_sync(lambda: is_halted(True), message="the bot is halted by hand")
    by_hand(RELEASE_BY_HAND)
    eventually_sync(lambda: is_halted(False), message="the bot is released by hand")


def test_sigterm_ends_it_in_good_order_and_a_restart_finds_its_volume_again(pool: PoolContainer) -> None:
    assert pool.stop() == 0
    pool.start()
    eventually_sync(lambda: pool.pool()["zygote"]["state"] == "ready", WARM_SECONDS, "zygote warm")
    slot = eventually_sync(lambda: _seen(pool, "bot-1"), message="bot runs again by itself")
    assert slot["epoch"] == 1
    assert pool.stop() == 0


def test_without_its_capabilities_it_says_what_is_missing(docker_client: Any, image: str) -> None:
    container = PoolContainer(docker_client, image)
    try:
        container.create(capabilities=("SETUID", "SETGID", "CHOWN"))
        docker_client.start(container.name)
        assert docker_client.wait(container.name)["StatusCode"] == 1
        told = docker_client.logs(container.name).decode()
        assert "capabilities that this process lacks: KILL, SYS_PTRACE" in told
    finally:
        container.close()


def _seen(pool: PoolContainer, bot_id: str) -> dict[str, Any] | None:
    slot = pool.slot(bot_id)
    return slot if slot["observed_state"] == "running" and slot["memory"] is not None else None


def spec(desired: str) -> dict[str, Any]:
    config = {
        "max_open_trades": 1,
        "stake_currency": "USDT",
        "stake_amount": 50,
        "dry_run_wallet": 1000,
        "timeframe": "1m",
        "entry_pricing": PRICING,
        "exit_pricing": PRICING,
        "exchange": {"pair_whitelist": ["BTC/USDT"]},
        "pairlists": [{"method": "StaticPairList"}],
        "internals": {"process_throttle_secs": 1},
    }
    return {
        "epoch": 1,
        "generation": 1,
        "desired": desired,
        "exchange": "paper",
        "config": config,
        "strategy": {"class_name": "Buyer", "source": BUYER},
    }

"""A real agent's token is renewed while a bot runs, streams are open, and the agent is killed."""

import os
import signal
from pathlib import Path

import httpx

from tests.fakes.pool_rig import TOKEN, PoolRig, running
from tests.support import eventually_sync


def _asked(pool: PoolRig, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{pool.url}/v1/token", headers=headers, timeout=60).status_code


def _in(pool: PoolRig) -> str:
    return (pool.directory / "agent-token").read_text().strip()


def test_a_token_is_renewed_under_a_running_bot(tmp_path: Path) -> None:
    with running(tmp_path / "pool") as pool:
        pool.put("one")
        run = pool.until_state("one", "running")["run_id"]
        with httpx.stream("GET", f"{pool.url}/v1/events", headers=pool.headers, timeout=60) as stream:
            lines = stream.iter_lines()
            next(lines)
            assert _asked(pool, TOKEN) == 200
            second = _in(pool)
            assert second != TOKEN
            assert all(next(lines) for _ in range(5)), "what was open goes on"
        assert pool.call("GET", "/v1/slots").status_code == 200, "the one before is taken, too"
        agent = pool.child("pool.agent")
        os.kill(agent, signal.SIGKILL)
        eventually_sync(lambda: pool.child("pool.agent") not in (0, agent) and pool.answers(), message="a new agent")
        assert pool.slot("one")["run_id"] == run
        assert _asked(pool, second) == 200
        third = _in(pool)
        headers = {"Authorization": f"Bearer {third}"}
        assert httpx.get(f"{pool.url}/v1/pool", headers=headers, timeout=60).json()["token_made_at"] is not None
        assert _asked(pool, TOKEN) == 401, "of two renewals only the one before the last is taken"
        assert (pool.directory / "agent-token").stat().st_mode & 0o777 == 0o600
        log = (pool.directory / "logs" / "agent.log").read_text()
        assert not any(token in log for token in (TOKEN, second, third))

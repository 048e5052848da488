"""Every operation under generated requests: no 5xx and no status that the OpenAPI document does not name. What a path
names is there: a thing of each kind, of who asks."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.api import matrix
from tests.integration.api.matrix import Tenant
from tests.integration.api.test_api_matrix import LIMITS
from tests.integration.api.world import open_world

ONE_RUN_SECONDS = 240
STREAMS = "streamPortfolio|streamMarket|getBotLogs|relay|listFreqTradeBots|logout|endSession$"
"""What does not end, is FreqTrade's to describe, or would end the session of the run."""
STEERING = "Pool|Slot|Node|Move|moveBot|Rollout|Audit|Quotas|Guardrails|User|Invitation|Vault"
OWN = (
    "Wallet|Money|Capital|Statement|Strateg|Finding|ExchangeKey|PaperKey|Share|Session|Token|Passkey|Totp|Factor|"
    "Identit|Oidc|StepUp|Password|login|refresh|Recovery|Methods|Me$"
)
GROUPS = {
    "trader": (["--exclude-operation-id-regex", f"{STREAMS}|{STEERING}|{OWN}"], "45"),
    "owner": (["--include-operation-id-regex", OWN, "--exclude-operation-id-regex", f"{STREAMS}|{STEERING}"], "45"),
    "admin": (["--include-operation-id-regex", STEERING, "--exclude-operation-id-regex", STREAMS], "40"),
}
"""Which operations, and for how many seconds at most."""


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", GROUPS)
async def test_generated_requests_find_nothing(tmp_path: Path, group: str) -> None:
    operations, seconds = GROUPS[group]
    async with open_world(tmp_path, **LIMITS) as world:
        tenant = await Tenant(world).begin("admin" if group == "admin" else "trader")
        known = [f'"path.{name}" = "{await tenant.value(name)}"' for name in matrix.MAKERS]
        (tmp_path / "known.toml").write_text("\n".join(["[parameters]", *known]))
        async with world.serving() as client:
            command = [
                str(Path(sys.executable).parent / "schemathesis"), "--config-file", "known.toml",
                "run", f"{client.base_url}/openapi.json",
                "--header", f"Authorization: {tenant.headers['Authorization']}",
                "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance",
                *operations,
                "--phases", "examples,fuzzing", "--max-examples", "8", "--seed", "1", "--generation-deterministic",
                "--max-time", seconds, "--request-timeout", "60", "--no-color",
            ]  # fmt: skip
            process = await asyncio.create_subprocess_exec(
                *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=tmp_path, env=dict(os.environ)
            )
            try:
                async with asyncio.timeout(ONE_RUN_SECONDS):
                    told, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
            assert process.returncode == 0, told.decode()[-6000:]
            assert "passed" in told.decode()

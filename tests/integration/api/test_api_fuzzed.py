"""Every operation under generated requests: no 5xx and no status that the OpenAPI document does not name."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.api.world import OWNER, open_world, token_of

ONE_RUN_SECONDS = 75
RELAYED = "relay(Get|Post|Delete)"
SKIPPED = ["--exclude-operation-id-regex", f"streamPortfolio|getBotLogs|{RELAYED}"]
STEERING = ["--include-operation-id-regex", "Pool|Slot|Node|Move|moveBot|Rollout|Audit"]


@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize(
    ("role", "operations", "seconds"), [("trader", SKIPPED, "50"), ("admin", STEERING, "30")], ids=["trader", "admin"]
)
async def test_generated_requests_find_nothing(tmp_path: Path, role: str, operations: list[str], seconds: str) -> None:
    async with open_world(tmp_path) as world:
        await world.placed()
        await world.change_user(OWNER, role=role)
        async with world.serving() as client:
            command = [
                str(Path(sys.executable).parent / "schemathesis"), "run", f"{client.base_url}/openapi.json",
                "--header", f"Authorization: Bearer {token_of(OWNER)}",
                "--checks", "not_a_server_error,status_code_conformance,response_schema_conformance",
                *operations,
                "--phases", "examples,fuzzing", "--max-examples", "12", "--seed", "1", "--generation-deterministic",
                "--max-time", seconds, "--request-timeout", "20", "--no-color",
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

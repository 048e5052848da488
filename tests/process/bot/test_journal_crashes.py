"""The exit path killed anywhere, in processes of its own: some hundreds of `benchmarks.crashes`' ten thousand runs."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.timeout(600)
def test_no_exit_is_sent_twice_or_lost_wherever_the_process_ends() -> None:
    seed = os.environ.get("FLOTILLA_CRASH_SEED") or secrets.token_hex(4)
    print(f"seed {seed}")
    command = [sys.executable, "-m", "benchmarks.crashes", "--runs", "150", "--plain", "15", "--seed", seed, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=550)
    assert done.returncode == 0, f"seed {seed}: {done.stdout}{done.stderr[-2000:]}"
    assert '"double_exits": 0, "lost_exits": 0, "wrong_books": 0, "unfinished": 0' in done.stdout
    assert '"plain": {"runs": 15' in done.stdout

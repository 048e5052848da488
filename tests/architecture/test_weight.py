"""What a control plane on SQLite, without Redis, providers and passkeys holds in memory all the time; and an agent."""

import json
import subprocess
import sys

import pytest

_SERVING = """
import json, sys
import api.cli.up
from api.app import create_app
from orchestrator.db.engine import Database
from orchestrator.events.opening import open_bus
from orchestrator.kit.opening import open_cache
Database("sqlite+aiosqlite://"), open_bus(None), open_cache(None)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
_ELSEWHERE = {
    "alembic": "upgrades, a process of its own",
    "authlib": "speaks with OpenID providers",
    "ccxt": "a process of its own asks exchanges",
    "docker": "the broker's",
    "freqtrade": "the pools'",
    "joserfc": "speaks with OpenID providers",
    "mako": "upgrades, a process of its own",
    "markdown_it": "commands that print documentation",
    "numpy": "the pools'",
    "pandas": "the pools'",
    "psycopg": "PostgreSQL's",
    "pyarrow": "candles, in processes of their own",
    "redis": "only where Redis is",
    "segno": "QR codes",
    "webauthn": "passkeys",
    "zxcvbn": "judges new passwords",
}


@pytest.mark.timeout(120)
def test_serving_loads_no_library_that_only_some_need() -> None:
    told = subprocess.run([sys.executable, "-c", _SERVING], check=True, capture_output=True, text=True)
    loaded = set(json.loads(told.stdout.splitlines()[-1]))
    assert {"api", "fastapi", "orchestrator", "sqlalchemy"} <= loaded
    assert {name: why for name, why in _ELSEWHERE.items() if name in loaded} == {}


@pytest.mark.timeout(120)
def test_an_agent_loads_nothing_of_what_bots_trade_with() -> None:
    script = (
        "import json, sys, pool.agent.app; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )
    told = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    loaded = set(json.loads(told.stdout.splitlines()[-1]))
    assert {"aiohttp", "pool"} <= loaded
    assert loaded.isdisjoint({"ccxt", "freqtrade", "numpy", "pandas", "sqlalchemy"})

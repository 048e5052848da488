"""Products that browser tests start."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.ruled import write_eager_template
from tests.e2e.running import Flotilla
from tests.support import free_port


@contextmanager
def empty_fleet(home: Path, **environment: str) -> Iterator[Flotilla]:
    """No bot, a template that enters whenever it may, and an admin who was through the set-up. Its port is kept, for a
    control plane that comes after it."""
    write_eager_template(home.parent / "templates")
    known = {
        "FLOTILLA_ORCH_TEMPLATES_DIRECTORY": str(home.parent / "templates"), "FLOTILLA_PORT": str(free_port())
    }  # fmt: skip
    with Flotilla(home, "serve", "--no-demo", **{**known, **environment}) as running:
        running.call("PATCH", "/api/v1/auth/me", json={"set_up": True}).raise_for_status()
        yield running


def make_bot(fleet: Flotilla, name: str, *pairs: str) -> str:
    """Its id."""
    body = {"name": name, "template": "eager", "pairs": pairs, "stake_amount": "100", "max_open_trades": 2}
    made = fleet.call("POST", "/api/v1/bots", json=body)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])

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

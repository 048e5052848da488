"""Which bus a process gets."""

from pydantic import SecretStr

from orchestrator.events.bus import Bus
from orchestrator.events.in_process import InProcessBus


def open_bus(redis_url: SecretStr | None, prefix: str = "flotilla:") -> Bus:
    """The bus of an installation; call it within the event loop. In-process without a URL. Redis need not answer yet.
    All keys begin with `prefix`, which names the installation. Raises ValueError for a URL that is none."""
    if redis_url is None:
        return InProcessBus()
    from orchestrator.events.redis import RedisBus  # with its client, which nobody else needs

    bus = RedisBus(redis_url, prefix)
    bus.start()
    return bus

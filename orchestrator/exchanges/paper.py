"""The paper exchange as a process of this machine: `python -m pool.exchange.simulator`. As a container it is
`paper_container`'s."""

from collections.abc import Sequence
from pathlib import Path

import httpx

from orchestrator.exchanges.companion import ProcessCompanion

MODULE = "pool.exchange.simulator"
NAME = "paper exchange"
PING = "/api/v3/ping"


class ProcessPaperExchange(ProcessCompanion):
    """`symbols` is how many markets it has, from its next start on: it holds bots' money, and is not restarted for
    that."""

    def __init__(
        self,
        directory: Path,
        symbols: int = 200,
        stop_seconds: float = 15.0,
        module: str = MODULE,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(NAME, module, directory, "exchange.log", PING, stop_seconds=stop_seconds, transport=transport)
        self._symbols = symbols

    def control_token(self) -> str | None:
        """What opens its `/control/`; None before it ran first."""
        try:
            return (self._directory / "control-token").read_text().strip() or None
        except OSError:
            return None

    def _arguments(self) -> Sequence[str]:
        return "--port", "0", "--symbols", str(self._symbols)


PaperExchange = ProcessPaperExchange
"""Its name where there is no choice."""

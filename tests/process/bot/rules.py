"""Policies for bots in tests, and a strategy that does everything to keep its trades."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pool.contract.events import EventType
from pool.contract.frames import BotEvent, PolicyFrame
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.slots import StrategySource
from tests.process.bot.harness import BUYER, Bench
from tests.support import PATIENT_SECONDS, eventually_sync

STUBBORN = StrategySource(
    class_name="Buyer",
    source=BUYER
    + """
    use_custom_stoploss = True
    use_exit_signal = True

    def confirm_trade_exit(self, pair, **_):
        return False

    def custom_exit_price(self, pair, proposed_rate, **_):
        return proposed_rate * 2

    def custom_exit(self, pair, **_):
        raise RuntimeError("broken")

    def custom_stoploss(self, pair, **_):
        raise RuntimeError("broken")

    def check_exit_timeout(self, **_):
        return True
""",
)


def policy(**sections: Any) -> PolicyInForce:
    """A document of these sections, labelled by what it holds."""
    document = PolicyDocument.model_validate(sections)
    fingerprint = hashlib.sha256(document.model_dump_json().encode()).hexdigest()
    return PolicyInForce(label="+".join(sections) or "none", fingerprint=fingerprint, document=document)


def bring(bench: Bench, **sections: Any) -> PolicyInForce:
    """Tell the running bot this policy; when it is back, the bot keeps it."""
    wanted = policy(**sections)
    bench.agent.send(PolicyFrame(policy=wanted))
    bench.agent.await_heartbeat(policy=wanted.fingerprint)
    return wanted


def exits(bench: Bench) -> list[tuple[str, str, bool]]:
    """Pair, reason and whether only a part was closed, of each exit that was filled."""
    filled = [event for event in bench.agent.events("trade.exit_fill") if event.type is EventType.TRADE_EXIT_FILL]
    return [(event.data["pair"], event.data["exit_reason"], bool(event.data["sub_trade"])) for event in filled]


def await_exit(
    bench: Bench, pair: str, reason: str, *, part: bool = False, timeout_seconds: float = PATIENT_SECONDS
) -> None:
    eventually_sync(
        lambda: (pair, reason, part) in exits(bench), timeout_seconds, f"{reason} of {pair} among {exits(bench)}"
    )


def actions(bench: Bench, **wanted: Any) -> list[dict[str, Any]]:
    told = [event.data for event in bench.agent.events("risk.action")]
    return [data for data in told if all(data.get(name) == value for name, value in wanted.items())]


def refusals(bench: Bench) -> list[BotEvent]:
    return bench.agent.events("risk.refused")


def alerts(bench: Bench, kind: str) -> list[BotEvent]:
    return [event for event in bench.agent.events("risk.alert") if event.data["kind"] == kind]


def stop_of(bench: Bench, pair: str) -> float:
    """The stop that the bot's last snapshot shows."""
    shot = bench.agent.snapshots()[-1]
    return next(float(trade.stop_rate or 0) for trade in shot.open_trades if trade.pair == pair)


def make_older(database: Path, minutes: int) -> None:
    """All open trades were opened so long before."""
    with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
        connection.execute(
            f"UPDATE trades SET open_date = datetime(open_date, '-{minutes} minutes') || '.000000' WHERE is_open = 1"
        )

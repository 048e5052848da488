"""The universal rules of the rehearsing bot: all at work, a first ladder level that is reached, stops that follow."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from freqtrade.freqtradebot import FreqtradeBot

from pool.bot.snapshot import SnapshotReader
from pool.bot.universal.entries import Entries
from pool.bot.universal.hold import Hold
from pool.bot.universal.overlay import Installation, install
from pool.bot.universal.policy_file import POLICY_FILE, read_policy
from pool.bot.universal.source import FixedRules
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.events import EventType
from pool.contract.frames import BotEvent, SnapshotFrame, WatchFrame
from pool.contract.policy import PolicyDocument, PolicyInForce

_DOCUMENT = PolicyDocument.model_validate(
    {
        "take_profit": {
            "levels": [{"profit": "0.0003", "fraction": "0.3"}, {"profit": "0.1", "fraction": "0.3"}, {"profit": "0.2"}]
        },
        "trailing_stop": {"distance": "0.05"},
        "break_even": {"trigger": "0.05", "offset": "0.001"},
        "hard_stop": {"distance": "0.2", "atr_multiple": "50"},
        "time_exit": {"after_minutes": 500_000},
        "sizing": {"method": "risk", "ratio": "0.01"},
        "limits": {"cool_down": {"losses": 100, "after_streak_minutes": 1}},
    }
)


@dataclass
class Rules:
    """Put over one bot, as `pool.bot.universal.host` does it, but for what belongs to a process: descriptors."""

    installation: Installation
    entries: Entries
    teller: Teller
    reader: SnapshotReader
    hold: Hold | None = None

    def attach(self, freqtrade: FreqtradeBot) -> None:
        """The bot was built; raises where its strategy came another way."""
        if self.installation.laid is None:
            raise RuntimeError("The strategy was loaded without the universal rules.")
        self.hold = Hold(freqtrade, self.installation.laid, self.entries, self.teller)

    def between_loops(self, freqtrade: FreqtradeBot) -> None:
        """What a bot does while it waits: an exit pass, prices to watch, a snapshot."""
        if self.hold is None:
            return
        self.hold.look()
        WatchFrame(watches=self.hold.watches()).model_dump_json()
        snapshot = self.reader.read(freqtrade, "USDT", datetime.now(UTC))
        SnapshotFrame(snapshot=snapshot).model_dump_json()


def lay(home: Path) -> Rules:
    """Before the bot is built; `installation.remove` takes the hook out again."""
    file = home / POLICY_FILE
    file.write_bytes(PolicyInForce(label="1.0.0", fingerprint="rehearsal", document=_DOCUMENT).to_json())
    rules, teller = FixedRules(read_policy(file)), Teller(_tell)
    entries = Entries(rules, teller)
    return Rules(install(rules, entries=entries, teller=teller, why=WhyBook()), entries, teller, SnapshotReader())


def _tell(event_type: EventType, data: dict[str, Any], at: datetime) -> None:
    BotEvent(seq=1, at=at, type=event_type, data=data).model_dump_json()

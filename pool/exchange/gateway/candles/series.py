"""Which candles: names, steps and columns as FreqTrade has them. Pure."""

import re
from dataclasses import dataclass
from pathlib import Path

SPOT, FUTURES, MARK, FUNDING_RATE = "spot", "futures", "mark", "funding_rate"
TYPES = (SPOT, FUTURES, MARK, FUNDING_RATE)
_COLUMNS = ("open", "high", "low", "close", "volume")
_UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_TIMEFRAME = re.compile(r"([1-9][0-9]{0,2})([smhdw])")
_EXCHANGE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PAIR = re.compile(r"[\w.$@+-]{1,40}/[\w.$@+-]{1,30}(:[\w.-]{1,40})?", re.ASCII)
_NOT_IN_NAMES = str.maketrans("/ .@$+:", "_______")
_DAY = 86_400_000


class Refused(Exception):
    """What is asked for cannot be had: `field` names what to change, the message says how."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Series:
    """Build it with `of`, which checks."""

    exchange: str
    pair: str
    timeframe: str
    type: str = SPOT

    @classmethod
    def of(cls, exchange: str, pair: str, timeframe: str, kind: str = SPOT) -> "Series":
        """Raises Refused for a name that cannot be one."""
        if not _EXCHANGE.fullmatch(exchange):
            raise Refused("exchange", "Name the exchange as bots do: paper, or its id in ccxt, such as binance.")
        if kind not in TYPES:
            raise Refused("type", f"The type is one of {', '.join(TYPES)}.")
        if not _PAIR.fullmatch(pair):
            raise Refused("pair", "Name the pair as bots do, such as BTC/USDT, or BTC/USDT:USDT for futures.")
        if (":" in pair) == (kind == SPOT):
            raise Refused("pair", "Futures' pairs name what they settle in (BTC/USDT:USDT), spot pairs do not.")
        if not _TIMEFRAME.fullmatch(timeframe):
            raise Refused(
                "timeframe", "The timeframe is a number with s, m, h, d or w, such as 5m; months are not kept."
            )
        return cls(exchange, pair, timeframe, kind)

    @property
    def step(self) -> int:
        """From one candle to the next, in milliseconds."""
        return step_of(self.timeframe)

    @property
    def columns(self) -> tuple[str, ...]:
        """Without the date."""
        return ("funding_rate",) if self.type == FUNDING_RATE else _COLUMNS

    @property
    def on_grid(self) -> bool:
        """Whether every candle opens at a whole multiple of the step: longer ones may begin on any day."""
        return self.type != FUNDING_RATE and _DAY % self.step == 0 and self.step < _DAY

    def file(self, directory: Path) -> Path:
        """In FreqTrade's data directory of the exchange."""
        name = f"{self.pair.translate(_NOT_IN_NAMES)}-{self.timeframe}"
        if self.type == SPOT:
            return directory / f"{name}.feather"
        return directory / "futures" / f"{name}-{self.type}.feather"


def step_of(timeframe: str) -> int:
    """Milliseconds of a timeframe that `Series.of` takes."""
    found = _TIMEFRAME.fullmatch(timeframe)
    assert found is not None, timeframe
    return int(found[1]) * _UNITS[found[2]]

"""Reductions that were ordered and are not done yet: each is finished, whatever else is ordered meanwhile, unless the
bot is released. Kept in FreqTrade's database, so that a process that ended forgets none.
"""

from decimal import Decimal

from freqtrade.persistence import KeyValueStore

from pool.contract.frames import MandateFrame
from pool.contract.risk import Mode

_KEY = "flotilla_reductions"
_LENGTH = 255
"""Of a text in FreqTrade's store."""


class Reductions:
    """By the number of the order, oldest first. Main thread; raises SQLAlchemyError."""

    def __init__(self) -> None:
        self._left: dict[int, Decimal] = {}
        self._taken = -1

    def load(self) -> None:
        """FreqTrade was built anew: what the database has; the order in force is looked at once more."""
        stored = str(KeyValueStore.get_string_value(_KEY) or "")
        pairs = (one.split(":") for one in stored.split() if ":" in one)
        self._left = {int(number): Decimal(fraction) for number, fraction in pairs}
        self._taken = -1

    def take(self, mandate: MandateFrame) -> None:
        """What is ordered now."""
        if mandate.mode is Mode.ACTIVE or not mandate.reduces:
            if self._left:
                self._keep({})
        elif mandate.reduce_fraction is not None and mandate.number > self._taken:
            self._keep({**self._left, mandate.number: mandate.reduce_fraction})
            self._taken = mandate.number

    def left(self) -> list[tuple[int, float]]:
        """Numbers and fractions."""
        return [(number, float(fraction)) for number, fraction in sorted(self._left.items())]

    def done(self, number: int) -> None:
        """Nothing is left to be done for that one."""
        self._keep({other: fraction for other, fraction in self._left.items() if other != number})

    def _keep(self, left: dict[int, Decimal]) -> None:
        text = " ".join(f"{number}:{fraction}" for number, fraction in sorted(left.items()))
        while len(text) > _LENGTH:
            text = text.partition(" ")[2]
        KeyValueStore.store_value(_KEY, text)
        self._left = left

"""The universal rules of one bot process, put together: made once, attached to each FreqTrade that is built."""

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from pathlib import Path

from freqtrade.freqtradebot import FreqtradeBot
from freqtrade.persistence import Trade

from pool.bot.market.kinds import pricing
from pool.bot.outbox import Outbox
from pool.bot.universal.candles import Ranges
from pool.bot.universal.entries import Entries
from pool.bot.universal.hold import Hold
from pool.bot.universal.overlay import Installation, install
from pool.bot.universal.policy_file import POLICY_FILE, PolicyUnreadable, read_policy
from pool.bot.universal.positions import marks_of
from pool.bot.universal.standing import Standing
from pool.bot.universal.teller import Teller
from pool.bot.universal.why import WhyBook
from pool.contract.policy import HardStop
from pool.contract.risk import Watch
from pool.contract.slots import SlotSpec
from pool.rules.exits import minds_prices
from pool.rules.position import Marks
from pool.rules.stops import atr_periods

_USUAL_PERIOD: int = HardStop.model_fields["atr_period"].default


class Universal:
    """Main thread, but for `standing`. `why` and `teller` are shared with what sends the orders."""

    def __init__(self, standing: Standing, outbox: Outbox) -> None:
        self.standing = standing
        self.teller = Teller(outbox.add_event)
        self.entries = Entries(standing, self.teller)
        self.why = WhyBook()
        self.hold: Hold | None = None
        self._outbox = outbox
        self._installation: Installation | None = None
        self._ranges: Ranges | None = None

    def begin(self, directory: Path, spec: SlotSpec) -> None:
        """Before FreqTrade is built first: whether permission is needed, the policy, the hook. A policy that cannot be
        read denies entries until another one arrives; the slot's own holds meanwhile."""
        self.standing.governed = spec.governed
        try:
            policy = read_policy(directory / POLICY_FILE) or spec.policy
        except PolicyUnreadable as error:
            policy = spec.policy
            if self.standing.policy is None:
                self.entries.deny("policy", str(error))
                self.teller.alert("policy", f"{error} No entries until another one arrives.")
        if self.standing.policy is None:
            self.standing.take_policy(policy)
        self._kept = policy
        if self._installation is None:
            self._installation = install(self.standing, entries=self.entries, teller=self.teller, why=self.why)

    def attach(self, freqtrade: FreqtradeBot, spec: SlotSpec) -> None:
        """FreqTrade was built anew. Raises where its strategy did not come through the hook."""
        if self._installation is None or self._installation.laid is None:
            raise RuntimeError("The strategy was loaded without the universal rules.")
        self.standing.governed = spec.governed
        self._ranges = Ranges(freqtrade.strategy)
        self.hold = Hold(freqtrade, self._installation.laid, self.entries, self.teller)

    def ranges_of(self, pair: str) -> dict[int, float]:
        """ATR by period of what the policy wants, and another one probably would: for who previews that."""
        if self._ranges is None:
            return {}
        policy = self.standing.policy
        periods = atr_periods(policy.document) if policy is not None else frozenset()
        try:
            return self._ranges.of(pair, periods | {_USUAL_PERIOD})
        except Exception as error:  # the boundary of a strategy's candles: what is told of trades must not fail by them
            text = f"The strategy's candles of {pair} say nothing of its range ({type(error).__name__}: {error})."
            self.teller.alert("ranges_unknown", text)
            return {}

    def marks_of(self, trade: Trade) -> Marks:
        """What the rules remember of an open trade, which only they write."""
        if self.hold is None:
            return marks_of(trade)
        return self.hold.laid.exits.marks_of(trade)

    def is_priced(self, trade_id: int) -> bool:
        """The rate of an open trade is as new as a loop would have it."""
        return self.hold is None or self.hold.is_priced(trade_id)

    def heed(self) -> None:
        """What arrived meanwhile."""
        if self.standing.policy is not self._kept:
            self._kept = self.standing.policy
            self.entries.allow("policy")

    def look(self, trade_ids: Collection[int] | None = None) -> None:
        """The exit pass for these open trades alone, whose prices were crossed (None: for all)."""
        if self.hold is not None:
            with nullcontext() if trade_ids is None else pricing("urgent"):
                self.hold.look(trade_ids)

    def look_overdue(self) -> None:
        """The same for trades whose order rested for its time. Cheap when there is none."""
        if self.hold is not None:
            with pricing("urgent"):
                self.hold.look_overdue()

    @property
    def told(self) -> Mapping[int, Watch]:
        """The watches that were told last, by trade."""
        return self.hold.told if self.hold is not None else {}

    def tell_watches(self) -> None:
        """The prices at which trades are to be looked at before the next loop; without a rule about prices a bot that
        does not wait for them has its loop, as FreqTrade has."""
        if self.hold is None:
            return
        policy = self.standing.policy
        if self.hold.follows_all or (policy is not None and minds_prices(policy.document)):
            self._outbox.set_watches(self.hold.watches())
            return
        self._outbox.set_watches([])
        self.hold.told = {}
        self.hold.forget_closed()

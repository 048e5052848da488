"""May this bot enter now, and with how much? By mode, by what went wrong here, by cool-down and trading hours; and the
stake by the document's sizing. What raises here denies.

Limits across bots are not judged here: for these a governed bot asks the fleet's risk engine before each order.
"""

import logging
import math
import time
from datetime import UTC, datetime
from typing import Any

from freqtrade.strategy import IStrategy

from pool.bot.universal.candles import Ranges
from pool.bot.universal.closed import closed_lately, results
from pool.bot.universal.equity import equity_of
from pool.bot.universal.source import Rules
from pool.bot.universal.teller import Teller, money
from pool.contract.policy import KellySize, PolicyInForce
from pool.contract.risk import Mode, Refusal
from pool.rules.cooldown import cooling
from pool.rules.hours import within_hours
from pool.rules.sizing import Funds, Stake, stake, stop_distance
from pool.rules.stops import atr_periods

logger = logging.getLogger(__name__)

RAISED_SECONDS = 60.0
"""So long entries are denied after a rule raised."""


class Entries:
    """Lives as long as the bot; strategies come and go with reloads."""

    def __init__(self, rules: Rules, teller: Teller) -> None:
        self._rules = rules
        self._teller = teller
        self._denials: dict[str, tuple[str, float]] = {}

    def deny(self, kind: str, message: str, seconds: float = math.inf) -> None:
        """No entries for so long, or until `allow`."""
        self._denials[kind] = (message, time.monotonic() + seconds)

    def allow(self, kind: str) -> None:
        self._denials.pop(kind, None)

    def broken(self, what: str, error: Exception) -> None:
        """A rule raised: nobody enters on the word of the others alone."""
        logger.error("A universal rule failed: %s", what, exc_info=error)
        text = f"{what} failed ({type(error).__name__}: {error}): no entries for now, exits go on."
        self.deny("rule_failed", text, RAISED_SECONDS)
        self._teller.alert("rule_failed", text)

    def refusal(self, now: datetime) -> tuple[str, str] | None:
        """Path of what denies an entry now and a sentence; None where nothing does."""
        mode = self._rules.mode()
        if mode is not Mode.ACTIVE:
            return "mode", self._rules.why() or f"The bot is {mode.value}."
        for kind, (message, until) in list(self._denials.items()):
            if time.monotonic() < until:
                return kind, message
            self._denials.pop(kind, None)
        try:
            return self._by_document(now)
        except Exception as error:  # the boundary of rules: whatever fails, no entry is the answer
            self.broken("Cool-down or trading hours", error)
            return "rule_failed", f"{type(error).__name__}: {error}"

    def refuse(self, pair: str, is_short: bool, purpose: str, stake_amount: float | None) -> bool:
        """The same, told; True where the entry is denied."""
        refused = self.refusal(datetime.now(UTC))
        if refused is None:
            return False
        self.tell(pair, is_short, purpose, stake_amount, *refused)
        return True

    def tell(
        self, pair: str, is_short: bool, purpose: str, stake_amount: float | None, limit: str, message: str
    ) -> None:
        self._teller.refused(
            Refusal(
                pair=pair,
                is_short=is_short,
                purpose=purpose,
                limit=limit,
                message=message,
                stake=money(stake_amount),
            )
        )

    def _by_document(self, now: datetime) -> tuple[str, str] | None:
        policy = self._rules.policy
        limits = policy.document.limits if policy is not None else None
        if policy is None or limits is None:
            return None
        if not within_hours(limits.trading_hours, policy.document.time_zone, now):
            return "limits.trading_hours", "It is outside of the trading hours."
        section = limits.cool_down
        if section is None:
            return None
        hold = cooling(section, closed_lately(section.losses or 1), now)
        return (hold.limit, hold.message) if hold is not None else None


class Sizer:
    """Stakes of one strategy's entries."""

    def __init__(self, strategy: IStrategy, rules: Rules, entries: Entries, ranges: Ranges) -> None:
        self._strategy = strategy
        self._rules = rules
        self._entries = entries
        self._ranges = ranges

    def applies(self) -> bool:
        policy = self._rules.policy
        return policy is not None and (policy.document.sizing is not None or policy.stake_at_most is not None)

    @property
    def replaces(self) -> bool:
        """The document has a size of its own: the strategy need not be asked for one."""
        policy = self._rules.policy
        return policy is not None and policy.document.sizing is not None

    def stake(self, proposed: float, asked: dict[str, Any]) -> float:
        """In the stake currency, 0 for no entry. `asked` is what FreqTrade asks `custom_stake_amount`."""
        policy = self._rules.policy
        if policy is None:
            return proposed
        pair, is_short = asked["pair"], asked["side"] == "short"
        try:
            found = self._found(policy, proposed, asked)
        except Exception as error:  # the boundary of rules: FreqTrade would take its own stake instead
            self._entries.broken("Position sizing", error)
            return 0.0
        if found.amount <= 0:
            self._entries.tell(pair, is_short, "entry", proposed, found.limit or "sizing", found.how)
        else:
            logger.info("Stake of %s: %.8g (%s)", pair, found.amount, found.how)
        return found.amount

    def most(self) -> float | None:
        """Most of the stake currency that one entry may take by the guardrails."""
        policy = self._rules.policy
        if policy is None or policy.stake_at_most is None:
            return None
        return float(policy.stake_at_most) * equity_of(self._strategy)

    def _found(self, policy: PolicyInForce, proposed: float, asked: dict[str, Any]) -> Stake:
        document, leverage, rate = policy.document, float(asked["leverage"]), float(asked["current_rate"])
        periods = set(atr_periods(document))
        period = getattr(document.sizing, "atr_period", None)
        if period is not None:
            periods.add(period)
        ranges = self._ranges.of(asked["pair"], periods)
        kelly = document.sizing if isinstance(document.sizing, KellySize) else None
        return stake(
            document.sizing,
            Funds(
                equity=equity_of(self._strategy),
                allocation=float(self._strategy.wallets.get_available_stake_amount()),
                proposed=proposed,
                min_stake=asked["min_stake"],
                max_stake=asked["max_stake"],
                currency=str(self._strategy.config.get("stake_currency", "")),
            ),
            rate=rate,
            leverage=leverage,
            stop_distance=stop_distance(
                document, rate, leverage=leverage, atr=ranges, strategy_stop=self._strategy.stoploss
            ),
            atr=ranges,
            results=results(kelly.trades) if kelly is not None else (),
            stake_at_most=policy.stake_at_most,
        )

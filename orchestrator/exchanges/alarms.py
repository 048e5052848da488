"""What of the gateway's state administrators must hear. Pure but for what it remembers of looks before."""

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.exchanges.traffic import TrafficLook
from pool.contract.market import ExchangeState

PATIENCE_SECONDS = 60.0
"""So long a breaker may be open, or the gateway silent, before that is told. A ban is told at once."""
AGAIN_SECONDS = 900.0
"""The same is not told again sooner, however often it comes and goes."""
EXCHANGE, GATEWAY = "exchange_traffic", "gateway_down"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Arguments of an alert."""

    type: str
    message: str


class Alarms:
    """Asked at each look, by one clock that only grows."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, str], float] = {}
        """When what is the matter began: of the gateway or an exchange, and which kind of trouble."""
        self._told_at: dict[tuple[str, str], float] = {}
        self._told: set[tuple[str, str]] = set()

    def due(self, look: TrafficLook, now: float) -> list[Alarm]:
        """What is to be told now."""
        if not look.wanted:
            return []
        troubles = {key: (alarm, patience) for key, alarm, patience in _troubles(look)}
        for key in set(self._since) - set(troubles):
            # A gateway that is silent tells nothing of exchanges: what was the matter with them may still be.
            if key[0] == GATEWAY or look.state is not None:
                del self._since[key]
                self._told.discard(key)
        alarms = []
        for key, (alarm, patience) in troubles.items():
            since = self._since.setdefault(key, now)
            recently = now - self._told_at.get(key, float("-inf")) < AGAIN_SECONDS
            if key not in self._told and not recently and now - since >= patience:
                self._told.add(key)
                self._told_at[key] = now
                alarms.append(alarm)
        return alarms


def _troubles(look: TrafficLook) -> Iterator[tuple[tuple[str, str], Alarm, float]]:
    if look.state is None:
        yield (GATEWAY, ""), Alarm(GATEWAY, look.whole_problem or ""), PATIENCE_SECONDS
        return
    for one in look.state.exchanges:
        if one.breaker == "banned":
            yield (EXCHANGE, f"{one.exchange} banned"), Alarm(EXCHANGE, _banned(one)), 0.0
        elif one.breaker != "closed":
            yield (EXCHANGE, f"{one.exchange} open"), Alarm(EXCHANGE, _open(one)), PATIENCE_SECONDS


def _banned(one: ExchangeState) -> str:
    until = f" until {one.retry_at:%Y-%m-%d %H:%M:%S} UTC" if one.retry_at else ""
    return (
        f"{one.exchange} refuses this machine's address{until}{_why(one)}. It is left alone until then, and bots there "
        "wait; have them ask for less, or spread them over machines with addresses of their own."
    )


def _open(one: ExchangeState) -> str:
    return (
        f"{one.exchange} has not answered as it should for a minute{_why(one)}. It is tried again by itself; until "
        "then bots there wait."
    )


def _why(one: ExchangeState) -> str:
    return f" ({one.reason.rstrip('.')})" if one.reason else ""

"""What is not let through, as the errors that ccxt raises where an exchange does not."""

import ccxt

from pool.contract.market import Refusal


class HeldBack(ccxt.DDoSProtection):  # type: ignore[misc]  # ccxt is not typed here
    """Trying again soon is no use, and nobody is to wait: this bot's own budget without the gateway is used up, or the
    gateway says no for longer. It was not sent: an order that this is said of does not exist."""


_WORTH_WAITING_SECONDS = 2.0


def refused(
    what: Refusal,
    status: int,
    retry_after: str | None,
    method: str,
    url: str,
    *,
    price: bool = False,
    signed: bool = False,
    worth_waiting: bool = False,
) -> ccxt.BaseError:
    """The error for an answer that the gateway gave in place of the exchange. FreqTrade backs off after what is too
    much, for 18 s in the thread that looks at all trades: for longer than a moment, and for the price of one of them,
    that is only for who has no trades to look at (`worth_waiting`). It takes the rest for an exchange that cannot be
    reached; not so of what is `signed`, for an order that was not sent is not to be looked up."""
    again = f", again in {retry_after} s" if retry_after else ""
    message = f"{method} {url.partition('?')[0]} {status}: the market-data gateway says {what}{again}"
    if what not in ("budget", "banned", "open"):
        return ccxt.RequestTimeout(message) if status == 504 else ccxt.ExchangeNotAvailable(message)
    vain = price or (signed and what == "open") or seconds_of(retry_after) > _WORTH_WAITING_SECONDS
    if vain and not worth_waiting:
        return HeldBack(message)
    return ccxt.ExchangeNotAvailable(message) if what == "open" and not signed else ccxt.DDoSProtection(message)


def seconds_of(retry_after: str | None) -> float:
    """0 for what is no number, or none that can be waited for."""
    try:
        told = float(retry_after or 0)
    except ValueError:
        return 0.0
    return told if 0.0 < told < float("inf") else 0.0


def failed(status: int, method: str, url: str) -> ccxt.BaseError:
    """The error for an answer that tells nothing of whether the exchange was asked."""
    return ccxt.ExchangeNotAvailable(f"{method} {url} {status}: something else answered in the exchange's place")


def held_back(method: str, url: str, seconds: float) -> HeldBack:
    return HeldBack(
        f"{method} {url.partition('?')[0]}: without the market-data gateway this has to wait {seconds:.0f} s more"
    )

"""What is not let through, as the errors that ccxt raises where an exchange does not."""

import ccxt

from pool.contract.market import Refusal


class HeldBack(ccxt.DDoSProtection):  # type: ignore[misc]  # ccxt is not typed here
    """This bot's own budget without the gateway is used up: trying again at once is no use, and nobody is to wait."""


def refused(what: Refusal, status: int, retry_after: str | None, method: str, url: str) -> ccxt.BaseError:
    """The error for an answer that the gateway gave in place of the exchange. FreqTrade backs off after what is too
    much, and takes the rest for an exchange that cannot be reached."""
    again = f", again in {retry_after} s" if retry_after else ""
    message = f"{method} {url.partition('?')[0]} {status}: the market-data gateway says {what}{again}"
    if what in ("budget", "banned"):
        return ccxt.DDoSProtection(message)
    return ccxt.RequestTimeout(message) if status == 504 else ccxt.ExchangeNotAvailable(message)


def failed(status: int, method: str, url: str) -> ccxt.BaseError:
    """The error for an answer that tells nothing of whether the exchange was asked."""
    return ccxt.ExchangeNotAvailable(f"{method} {url} {status}: something else answered in the exchange's place")


def held_back(method: str, url: str, seconds: float) -> HeldBack:
    return HeldBack(
        f"{method} {url.partition('?')[0]}: without the market-data gateway this has to wait {seconds:.0f} s more"
    )

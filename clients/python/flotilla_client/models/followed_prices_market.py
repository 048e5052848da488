from typing import Literal

FollowedPricesMarket = Literal["linear", "spot"]

FOLLOWED_PRICES_MARKET_VALUES: set[FollowedPricesMarket] = {
    "linear",
    "spot",
}


def check_followed_prices_market(value: str) -> FollowedPricesMarket:
    if value in FOLLOWED_PRICES_MARKET_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FOLLOWED_PRICES_MARKET_VALUES!r}")

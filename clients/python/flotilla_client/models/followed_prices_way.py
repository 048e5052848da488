from typing import Literal

FollowedPricesWay = Literal["polling", "websocket"]

FOLLOWED_PRICES_WAY_VALUES: set[FollowedPricesWay] = {
    "polling",
    "websocket",
}


def check_followed_prices_way(value: str) -> FollowedPricesWay:
    if value in FOLLOWED_PRICES_WAY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {FOLLOWED_PRICES_WAY_VALUES!r}")

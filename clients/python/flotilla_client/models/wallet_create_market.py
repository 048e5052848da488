from typing import Literal

WalletCreateMarket = Literal["futures", "spot"]

WALLET_CREATE_MARKET_VALUES: set[WalletCreateMarket] = {
    "futures",
    "spot",
}


def check_wallet_create_market(value: str) -> WalletCreateMarket:
    if value in WALLET_CREATE_MARKET_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WALLET_CREATE_MARKET_VALUES!r}")

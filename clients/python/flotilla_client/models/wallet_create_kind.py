from typing import Literal

WalletCreateKind = Literal["exchange", "paper"]

WALLET_CREATE_KIND_VALUES: set[WalletCreateKind] = {
    "exchange",
    "paper",
}


def check_wallet_create_kind(value: str) -> WalletCreateKind:
    if value in WALLET_CREATE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WALLET_CREATE_KIND_VALUES!r}")

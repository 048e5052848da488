from typing import Literal

SpecificationResponseTrading = Literal["dry_run", "live", "paper_live"]

SPECIFICATION_RESPONSE_TRADING_VALUES: set[SpecificationResponseTrading] = {
    "dry_run",
    "live",
    "paper_live",
}


def check_specification_response_trading(value: str) -> SpecificationResponseTrading:
    if value in SPECIFICATION_RESPONSE_TRADING_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {SPECIFICATION_RESPONSE_TRADING_VALUES!r}")

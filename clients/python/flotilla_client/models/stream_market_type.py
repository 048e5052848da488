from typing import Literal

StreamMarketType = Literal["futures", "spot"]

STREAM_MARKET_TYPE_VALUES: set[StreamMarketType] = {
    "futures",
    "spot",
}


def check_stream_market_type(value: str) -> StreamMarketType:
    if value in STREAM_MARKET_TYPE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {STREAM_MARKET_TYPE_VALUES!r}")

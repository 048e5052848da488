from typing import Literal

GroupExposureTimeframe = Literal["15m", "1d", "1h", "1m", "4h", "5m"]

GROUP_EXPOSURE_TIMEFRAME_VALUES: set[GroupExposureTimeframe] = {
    "15m",
    "1d",
    "1h",
    "1m",
    "4h",
    "5m",
}


def check_group_exposure_timeframe(value: str) -> GroupExposureTimeframe:
    if value in GROUP_EXPOSURE_TIMEFRAME_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GROUP_EXPOSURE_TIMEFRAME_VALUES!r}")

from typing import Literal

ZygoteReportState = Literal["down", "ready", "warming"]

ZYGOTE_REPORT_STATE_VALUES: set[ZygoteReportState] = {
    "down",
    "ready",
    "warming",
}


def check_zygote_report_state(value: str) -> ZygoteReportState:
    if value in ZYGOTE_REPORT_STATE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ZYGOTE_REPORT_STATE_VALUES!r}")

from typing import Literal

LoggingPutLevel = Literal["DEBUG", "ERROR", "INFO", "TRACE", "WARNING"]

LOGGING_PUT_LEVEL_VALUES: set[LoggingPutLevel] = {
    "DEBUG",
    "ERROR",
    "INFO",
    "TRACE",
    "WARNING",
}


def check_logging_put_level(value: str) -> LoggingPutLevel:
    if value in LOGGING_PUT_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOGGING_PUT_LEVEL_VALUES!r}")

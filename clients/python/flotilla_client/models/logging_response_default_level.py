from typing import Literal

LoggingResponseDefaultLevel = Literal["DEBUG", "ERROR", "INFO", "TRACE", "WARNING"]

LOGGING_RESPONSE_DEFAULT_LEVEL_VALUES: set[LoggingResponseDefaultLevel] = {
    "DEBUG",
    "ERROR",
    "INFO",
    "TRACE",
    "WARNING",
}


def check_logging_response_default_level(value: str) -> LoggingResponseDefaultLevel:
    if value in LOGGING_RESPONSE_DEFAULT_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOGGING_RESPONSE_DEFAULT_LEVEL_VALUES!r}")

from typing import Literal

LoggingResponseLevel = Literal["DEBUG", "ERROR", "INFO", "TRACE", "WARNING"]

LOGGING_RESPONSE_LEVEL_VALUES: set[LoggingResponseLevel] = {
    "DEBUG",
    "ERROR",
    "INFO",
    "TRACE",
    "WARNING",
}


def check_logging_response_level(value: str) -> LoggingResponseLevel:
    if value in LOGGING_RESPONSE_LEVEL_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOGGING_RESPONSE_LEVEL_VALUES!r}")

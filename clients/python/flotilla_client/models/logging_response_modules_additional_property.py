from typing import Literal

LoggingResponseModulesAdditionalProperty = Literal["DEBUG", "ERROR", "INFO", "TRACE", "WARNING"]

LOGGING_RESPONSE_MODULES_ADDITIONAL_PROPERTY_VALUES: set[LoggingResponseModulesAdditionalProperty] = {
    "DEBUG",
    "ERROR",
    "INFO",
    "TRACE",
    "WARNING",
}


def check_logging_response_modules_additional_property(value: str) -> LoggingResponseModulesAdditionalProperty:
    if value in LOGGING_RESPONSE_MODULES_ADDITIONAL_PROPERTY_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LOGGING_RESPONSE_MODULES_ADDITIONAL_PROPERTY_VALUES!r}"
    )

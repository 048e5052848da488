from typing import Literal

LoggingPutModulesAdditionalProperty = Literal["DEBUG", "ERROR", "INFO", "TRACE", "WARNING"]

LOGGING_PUT_MODULES_ADDITIONAL_PROPERTY_VALUES: set[LoggingPutModulesAdditionalProperty] = {
    "DEBUG",
    "ERROR",
    "INFO",
    "TRACE",
    "WARNING",
}


def check_logging_put_modules_additional_property(value: str) -> LoggingPutModulesAdditionalProperty:
    if value in LOGGING_PUT_MODULES_ADDITIONAL_PROPERTY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LOGGING_PUT_MODULES_ADDITIONAL_PROPERTY_VALUES!r}")

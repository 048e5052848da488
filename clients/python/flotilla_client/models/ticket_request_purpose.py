from typing import Literal

TicketRequestPurpose = Literal["freqtrade", "market", "portfolio"]

TICKET_REQUEST_PURPOSE_VALUES: set[TicketRequestPurpose] = {
    "freqtrade",
    "market",
    "portfolio",
}


def check_ticket_request_purpose(value: str) -> TicketRequestPurpose:
    if value in TICKET_REQUEST_PURPOSE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TICKET_REQUEST_PURPOSE_VALUES!r}")

from typing import Literal

OrderResponseKind = Literal["purge", "restart"]

ORDER_RESPONSE_KIND_VALUES: set[OrderResponseKind] = {
    "purge",
    "restart",
}


def check_order_response_kind(value: str) -> OrderResponseKind:
    if value in ORDER_RESPONSE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ORDER_RESPONSE_KIND_VALUES!r}")

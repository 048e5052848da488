from typing import Literal

PlaceKind = Literal["capital", "fees", "free", "funding", "outside", "position", "reconciliation", "results", "trading"]

PLACE_KIND_VALUES: set[PlaceKind] = {
    "capital",
    "fees",
    "free",
    "funding",
    "outside",
    "position",
    "reconciliation",
    "results",
    "trading",
}


def check_place_kind(value: str) -> PlaceKind:
    if value in PLACE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {PLACE_KIND_VALUES!r}")

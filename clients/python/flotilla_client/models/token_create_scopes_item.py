from typing import Literal

TokenCreateScopesItem = Literal["admin", "read", "trade"]

TOKEN_CREATE_SCOPES_ITEM_VALUES: set[TokenCreateScopesItem] = {
    "admin",
    "read",
    "trade",
}


def check_token_create_scopes_item(value: str) -> TokenCreateScopesItem:
    if value in TOKEN_CREATE_SCOPES_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {TOKEN_CREATE_SCOPES_ITEM_VALUES!r}")

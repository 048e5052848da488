from typing import Literal

UserOverviewSecondFactorsItem = Literal["passkey", "totp"]

USER_OVERVIEW_SECOND_FACTORS_ITEM_VALUES: set[UserOverviewSecondFactorsItem] = {
    "passkey",
    "totp",
}


def check_user_overview_second_factors_item(value: str) -> UserOverviewSecondFactorsItem:
    if value in USER_OVERVIEW_SECOND_FACTORS_ITEM_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {USER_OVERVIEW_SECOND_FACTORS_ITEM_VALUES!r}")

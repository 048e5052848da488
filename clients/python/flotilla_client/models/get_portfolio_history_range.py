from typing import Literal

GetPortfolioHistoryRange = Literal["1h", "24h", "30d", "7d", "all"]

GET_PORTFOLIO_HISTORY_RANGE_VALUES: set[GetPortfolioHistoryRange] = {
    "1h",
    "24h",
    "30d",
    "7d",
    "all",
}


def check_get_portfolio_history_range(value: str) -> GetPortfolioHistoryRange:
    if value in GET_PORTFOLIO_HISTORY_RANGE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {GET_PORTFOLIO_HISTORY_RANGE_VALUES!r}")

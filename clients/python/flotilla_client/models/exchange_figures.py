from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.budget_response import BudgetResponse


T = TypeVar("T", bound="ExchangeFigures")


@_attrs_define
class ExchangeFigures:
    """What was asked since the gateway's start.

    Attributes:
        requests (int): Asked of the gateway by bots, or taken by them from candles that are mapped.
        hits (int): Of `requests`: answered from what it had, or taken by bots from candles that are mapped.
        joined (int): Of `requests`: answered with another's answer that was under way.
        hit_rate (float | None): Share of `requests` for which the exchange was not asked; null before the first.
        upstream (int): Asked of the exchange.
        failures (int): Of `upstream`: no answer, or a fault of the exchange's.
        refused_upstream (int): Of `upstream`: refused by the exchange, 429 or 418.
        refused_here (int): Not let through, lest the exchange refuses.
        budgets (list[BudgetResponse]): Its limits, as far as they are known.
    """

    requests: int
    hits: int
    joined: int
    hit_rate: float | None
    upstream: int
    failures: int
    refused_upstream: int
    refused_here: int
    budgets: list[BudgetResponse]

    def to_dict(self) -> dict[str, Any]:
        requests = self.requests

        hits = self.hits

        joined = self.joined

        hit_rate: float | None
        hit_rate = self.hit_rate

        upstream = self.upstream

        failures = self.failures

        refused_upstream = self.refused_upstream

        refused_here = self.refused_here

        budgets = []
        for budgets_item_data in self.budgets:
            budgets_item = budgets_item_data.to_dict()
            budgets.append(budgets_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "requests": requests,
                "hits": hits,
                "joined": joined,
                "hit_rate": hit_rate,
                "upstream": upstream,
                "failures": failures,
                "refused_upstream": refused_upstream,
                "refused_here": refused_here,
                "budgets": budgets,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.budget_response import BudgetResponse  # noqa: PLC0415

        d = dict(src_dict)
        requests = d.pop("requests")

        hits = d.pop("hits")

        joined = d.pop("joined")

        def _parse_hit_rate(data: object) -> float | None:
            if data is None:
                return data
            return cast(float | None, data)

        hit_rate = _parse_hit_rate(d.pop("hit_rate"))

        upstream = d.pop("upstream")

        failures = d.pop("failures")

        refused_upstream = d.pop("refused_upstream")

        refused_here = d.pop("refused_here")

        budgets = []
        _budgets = d.pop("budgets")
        for budgets_item_data in _budgets:
            budgets_item = BudgetResponse.from_dict(budgets_item_data)

            budgets.append(budgets_item)

        exchange_figures = cls(
            requests=requests,
            hits=hits,
            joined=joined,
            hit_rate=hit_rate,
            upstream=upstream,
            failures=failures,
            refused_upstream=refused_upstream,
            refused_here=refused_here,
            budgets=budgets,
        )

        return exchange_figures

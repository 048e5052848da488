from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.exchange_traffic import ExchangeTraffic
    from ..models.gateway_response import GatewayResponse


T = TypeVar("T", bound="TrafficResponse")


@_attrs_define
class TrafficResponse:
    """What is asked of exchanges.

    Attributes:
        available (bool): False where there is no market-data gateway, or it does not answer: bots ask exchanges
            themselves then, and nothing of that is known here.
        problem (None | str): Why it is not available, in a sentence.
        as_of (datetime.datetime): When the gateway was looked at.
        exchanges (list[ExchangeTraffic]): Those that were asked for something since the gateway's start.
        gateway (GatewayResponse | None): Null where it is not available, and for who is no administrator.
    """

    available: bool
    problem: None | str
    as_of: datetime.datetime
    exchanges: list[ExchangeTraffic]
    gateway: GatewayResponse | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.gateway_response import GatewayResponse  # noqa: PLC0415

        available = self.available

        problem: None | str
        problem = self.problem

        as_of = self.as_of.isoformat()

        exchanges = []
        for exchanges_item_data in self.exchanges:
            exchanges_item = exchanges_item_data.to_dict()
            exchanges.append(exchanges_item)

        gateway: dict[str, Any] | None
        if isinstance(self.gateway, GatewayResponse):
            gateway = self.gateway.to_dict()
        else:
            gateway = self.gateway

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "available": available,
                "problem": problem,
                "as_of": as_of,
                "exchanges": exchanges,
                "gateway": gateway,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exchange_traffic import ExchangeTraffic  # noqa: PLC0415
        from ..models.gateway_response import GatewayResponse  # noqa: PLC0415

        d = dict(src_dict)
        available = d.pop("available")

        def _parse_problem(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        problem = _parse_problem(d.pop("problem"))

        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        exchanges = []
        _exchanges = d.pop("exchanges")
        for exchanges_item_data in _exchanges:
            exchanges_item = ExchangeTraffic.from_dict(exchanges_item_data)

            exchanges.append(exchanges_item)

        def _parse_gateway(data: object) -> GatewayResponse | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                gateway_type_0 = GatewayResponse.from_dict(data)

                return gateway_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(GatewayResponse | None, data)

        gateway = _parse_gateway(d.pop("gateway"))

        traffic_response = cls(
            available=available,
            problem=problem,
            as_of=as_of,
            exchanges=exchanges,
            gateway=gateway,
        )

        return traffic_response

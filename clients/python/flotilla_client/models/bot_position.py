from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.bot_position_mode import BotPositionMode, check_bot_position_mode

if TYPE_CHECKING:
    from ..models.exposure import Exposure
    from ..models.rate import Rate


T = TypeVar("T", bound="BotPosition")


@_attrs_define
class BotPosition:
    """One bot, in its own stake currency `currency`.

    Attributes:
        peak (str): starting_capital + highest profit so far.
        drawdown_ratio (str): (peak - equity) / peak
        equity (str): free + in_trades
        free (str): Uninvested capital.
        in_trades (str): Worth of open positions at current rates.
        realised (str): Closed profit over all time.
        unrealised (str): Profit of open trades at current rates, after fees.
        realised_today (str): Closed profit since midnight UTC.
        starting_capital (str):
        profit_ratio (str):
        open_trades (int): How many trades are open.
        id (str):
        name (str):
        mode (BotPositionMode):
        currency (str):
        state (str): Observed state.
        trader_state (None | str): FreqTrade's own state.
        desired_state (str):
        stale (bool): It should report and does not: these are its last values.
        as_of (datetime.datetime | None): Time of the reading; null before the first one.
        age_seconds (int | None): Since the reading arrived.
        exposure (list[Exposure]):
        conversion (None | Rate): Rate that its money enters the totals with; null where none is known and it is left
            out of them.
        pss_bytes (int | None): Memory of its process, shared pages divided.
    """

    peak: str
    drawdown_ratio: str
    equity: str
    free: str
    in_trades: str
    realised: str
    unrealised: str
    realised_today: str
    starting_capital: str
    profit_ratio: str
    open_trades: int
    id: str
    name: str
    mode: BotPositionMode
    currency: str
    state: str
    trader_state: None | str
    desired_state: str
    stale: bool
    as_of: datetime.datetime | None
    age_seconds: int | None
    exposure: list[Exposure]
    conversion: None | Rate
    pss_bytes: int | None

    def to_dict(self) -> dict[str, Any]:
        from ..models.rate import Rate  # noqa: PLC0415

        peak = self.peak

        drawdown_ratio = self.drawdown_ratio

        equity = self.equity

        free = self.free

        in_trades = self.in_trades

        realised = self.realised

        unrealised = self.unrealised

        realised_today = self.realised_today

        starting_capital = self.starting_capital

        profit_ratio = self.profit_ratio

        open_trades = self.open_trades

        id = self.id

        name = self.name

        mode: str = self.mode

        currency = self.currency

        state = self.state

        trader_state: None | str
        trader_state = self.trader_state

        desired_state = self.desired_state

        stale = self.stale

        as_of: None | str
        if isinstance(self.as_of, datetime.datetime):
            as_of = self.as_of.isoformat()
        else:
            as_of = self.as_of

        age_seconds: int | None
        age_seconds = self.age_seconds

        exposure = []
        for exposure_item_data in self.exposure:
            exposure_item = exposure_item_data.to_dict()
            exposure.append(exposure_item)

        conversion: dict[str, Any] | None
        if isinstance(self.conversion, Rate):
            conversion = self.conversion.to_dict()
        else:
            conversion = self.conversion

        pss_bytes: int | None
        pss_bytes = self.pss_bytes

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "peak": peak,
                "drawdown_ratio": drawdown_ratio,
                "equity": equity,
                "free": free,
                "in_trades": in_trades,
                "realised": realised,
                "unrealised": unrealised,
                "realised_today": realised_today,
                "starting_capital": starting_capital,
                "profit_ratio": profit_ratio,
                "open_trades": open_trades,
                "id": id,
                "name": name,
                "mode": mode,
                "currency": currency,
                "state": state,
                "trader_state": trader_state,
                "desired_state": desired_state,
                "stale": stale,
                "as_of": as_of,
                "age_seconds": age_seconds,
                "exposure": exposure,
                "conversion": conversion,
                "pss_bytes": pss_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exposure import Exposure  # noqa: PLC0415
        from ..models.rate import Rate  # noqa: PLC0415

        d = dict(src_dict)
        peak = d.pop("peak")

        drawdown_ratio = d.pop("drawdown_ratio")

        equity = d.pop("equity")

        free = d.pop("free")

        in_trades = d.pop("in_trades")

        realised = d.pop("realised")

        unrealised = d.pop("unrealised")

        realised_today = d.pop("realised_today")

        starting_capital = d.pop("starting_capital")

        profit_ratio = d.pop("profit_ratio")

        open_trades = d.pop("open_trades")

        id = d.pop("id")

        name = d.pop("name")

        mode = check_bot_position_mode(d.pop("mode"))

        currency = d.pop("currency")

        state = d.pop("state")

        def _parse_trader_state(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        trader_state = _parse_trader_state(d.pop("trader_state"))

        desired_state = d.pop("desired_state")

        stale = d.pop("stale")

        def _parse_as_of(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                as_of_type_0 = datetime.datetime.fromisoformat(data)

                return as_of_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        as_of = _parse_as_of(d.pop("as_of"))

        def _parse_age_seconds(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        age_seconds = _parse_age_seconds(d.pop("age_seconds"))

        exposure = []
        _exposure = d.pop("exposure")
        for exposure_item_data in _exposure:
            exposure_item = Exposure.from_dict(exposure_item_data)

            exposure.append(exposure_item)

        def _parse_conversion(data: object) -> None | Rate:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                conversion_type_0 = Rate.from_dict(data)

                return conversion_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Rate, data)

        conversion = _parse_conversion(d.pop("conversion"))

        def _parse_pss_bytes(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        pss_bytes = _parse_pss_bytes(d.pop("pss_bytes"))

        bot_position = cls(
            peak=peak,
            drawdown_ratio=drawdown_ratio,
            equity=equity,
            free=free,
            in_trades=in_trades,
            realised=realised,
            unrealised=unrealised,
            realised_today=realised_today,
            starting_capital=starting_capital,
            profit_ratio=profit_ratio,
            open_trades=open_trades,
            id=id,
            name=name,
            mode=mode,
            currency=currency,
            state=state,
            trader_state=trader_state,
            desired_state=desired_state,
            stale=stale,
            as_of=as_of,
            age_seconds=age_seconds,
            exposure=exposure,
            conversion=conversion,
            pss_bytes=pss_bytes,
        )

        return bot_position

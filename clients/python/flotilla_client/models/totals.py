from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.exposure import Exposure


T = TypeVar("T", bound="Totals")


@_attrs_define
class Totals:
    """Totals in the reporting currency. Money of bots in `unconverted` is not in it; counts are of all bots.

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
        exposure (list[Exposure]):
        bots (int):
        stale_bots (int):
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
    exposure: list[Exposure]
    bots: int
    stale_bots: int

    def to_dict(self) -> dict[str, Any]:
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

        exposure = []
        for exposure_item_data in self.exposure:
            exposure_item = exposure_item_data.to_dict()
            exposure.append(exposure_item)

        bots = self.bots

        stale_bots = self.stale_bots

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
                "exposure": exposure,
                "bots": bots,
                "stale_bots": stale_bots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.exposure import Exposure  # noqa: PLC0415

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

        exposure = []
        _exposure = d.pop("exposure")
        for exposure_item_data in _exposure:
            exposure_item = Exposure.from_dict(exposure_item_data)

            exposure.append(exposure_item)

        bots = d.pop("bots")

        stale_bots = d.pop("stale_bots")

        totals = cls(
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
            exposure=exposure,
            bots=bots,
            stale_bots=stale_bots,
        )

        return totals

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.bot_position import BotPosition
    from ..models.currency_totals import CurrencyTotals
    from ..models.exposure import Exposure
    from ..models.rate import Rate
    from ..models.totals import Totals


T = TypeVar("T", bound="Portfolio")


@_attrs_define
class Portfolio:
    """All bots of a user, dry and live together; `dry` and `live` tell them apart. Deleted bots are not in it.

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
        as_of (datetime.datetime):
        currency (str): Reporting currency of the user.
        exposure (list[Exposure]):
        rates (list[Rate]): Rates that were used, other than of a currency to itself.
        by_currency (list[CurrencyTotals]):
        unconverted (list[str]): Ids of bots whose stake currency has no known rate: left out of all totals but
            `by_currency`.
        stale_bots (int):
        dry (Totals): Totals in the reporting currency. Money of bots in `unconverted` is not in it; counts are of all
            bots.
        live (Totals): Totals in the reporting currency. Money of bots in `unconverted` is not in it; counts are of all
            bots.
        bots (list[BotPosition]):
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
    as_of: datetime.datetime
    currency: str
    exposure: list[Exposure]
    rates: list[Rate]
    by_currency: list[CurrencyTotals]
    unconverted: list[str]
    stale_bots: int
    dry: Totals
    live: Totals
    bots: list[BotPosition]

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

        as_of = self.as_of.isoformat()

        currency = self.currency

        exposure = []
        for exposure_item_data in self.exposure:
            exposure_item = exposure_item_data.to_dict()
            exposure.append(exposure_item)

        rates = []
        for rates_item_data in self.rates:
            rates_item = rates_item_data.to_dict()
            rates.append(rates_item)

        by_currency = []
        for by_currency_item_data in self.by_currency:
            by_currency_item = by_currency_item_data.to_dict()
            by_currency.append(by_currency_item)

        unconverted = self.unconverted

        stale_bots = self.stale_bots

        dry = self.dry.to_dict()

        live = self.live.to_dict()

        bots = []
        for bots_item_data in self.bots:
            bots_item = bots_item_data.to_dict()
            bots.append(bots_item)

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
                "as_of": as_of,
                "currency": currency,
                "exposure": exposure,
                "rates": rates,
                "by_currency": by_currency,
                "unconverted": unconverted,
                "stale_bots": stale_bots,
                "dry": dry,
                "live": live,
                "bots": bots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.bot_position import BotPosition  # noqa: PLC0415
        from ..models.currency_totals import CurrencyTotals  # noqa: PLC0415
        from ..models.exposure import Exposure  # noqa: PLC0415
        from ..models.rate import Rate  # noqa: PLC0415
        from ..models.totals import Totals  # noqa: PLC0415

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

        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        currency = d.pop("currency")

        exposure = []
        _exposure = d.pop("exposure")
        for exposure_item_data in _exposure:
            exposure_item = Exposure.from_dict(exposure_item_data)

            exposure.append(exposure_item)

        rates = []
        _rates = d.pop("rates")
        for rates_item_data in _rates:
            rates_item = Rate.from_dict(rates_item_data)

            rates.append(rates_item)

        by_currency = []
        _by_currency = d.pop("by_currency")
        for by_currency_item_data in _by_currency:
            by_currency_item = CurrencyTotals.from_dict(by_currency_item_data)

            by_currency.append(by_currency_item)

        unconverted = cast(list[str], d.pop("unconverted"))

        stale_bots = d.pop("stale_bots")

        dry = Totals.from_dict(d.pop("dry"))

        live = Totals.from_dict(d.pop("live"))

        bots = []
        _bots = d.pop("bots")
        for bots_item_data in _bots:
            bots_item = BotPosition.from_dict(bots_item_data)

            bots.append(bots_item)

        portfolio = cls(
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
            as_of=as_of,
            currency=currency,
            exposure=exposure,
            rates=rates,
            by_currency=by_currency,
            unconverted=unconverted,
            stale_bots=stale_bots,
            dry=dry,
            live=live,
            bots=bots,
        )

        return portfolio

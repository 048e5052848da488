"""Limits across all bots of a user, judged before an order that adds risk. Pure.

With `H` all that is held (open trades, and what is reserved for trades to come) and `a` what is asked for, in the
reporting currency and by gross value:

- `open_trades`: `trades(H) + 1 <= limit`, of what opens a trade; `asset_trades` the same of one asset
- `asset_exposure`: `sum(h of the asset) + a <= ratio * equity`
- `total_exposure`: `sum(H) + a <= ratio * equity`
- `group_exposure`: for `a` and for each held position `c` that `a` is alike: `sum(h alike c) + a <= ratio * equity`
  (see `pool.rules.correlation`); each of the groups that `a` would join has to have room, not only its own

What cannot be converted is refused where a ratio is to be kept: an unknown is no zero.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import chain

from pool.contract.policy import GroupExposure, Limits
from pool.rules.correlation import Correlate, alike

_ZERO = Decimal(0)
_WIDE = Context(prec=100)
"""A ratio of next to nothing has many digits."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A position, or a reservation for one, of any bot."""

    bot_id: str
    asset: str
    """Base currency."""
    is_short: bool
    value: Decimal | None
    """Gross, leverage included, in the reporting currency; None where no rate into it is known."""
    trades: int = 1
    """1 where it is a trade of its own, 0 where it adds to one."""


@dataclass(frozen=True, slots=True)
class Refused:
    """`limit` is the path in the document, `message` a sentence with figures."""

    limit: str
    message: str


@dataclass(frozen=True, slots=True)
class Use:
    """How far a limit is used. Of ratios, `used` and `allowed` are ratios of equity; `used` None where unknown."""

    limit: str
    subject: str
    """Asset or group of assets; empty for all."""
    used: Decimal | None
    allowed: Decimal


@dataclass(frozen=True, slots=True)
class Account:
    """What ratios are of: equity of all bots of the book, in `currency`. None where unknown."""

    equity: Decimal | None
    currency: str


def judge(
    asked: Exposure, held: Sequence[Exposure], limits: Limits, account: Account, correlate: Correlate
) -> Refused | None:
    """None where `asked` may be added to what is held; otherwise the first limit that refuses it."""
    return (
        _judge_count("limits.open_trades", "", asked, held, limits.open_trades)
        or _judge_count("limits.asset_trades", asked.asset, asked, held, limits.asset_trades)
        or _judge_ratio(
            "limits.asset_exposure", asked.asset, asked, _of_asset(held, asked.asset), limits.asset_exposure, account
        )
        or _judge_ratio("limits.total_exposure", "", asked, held, limits.total_exposure, account)
        or _judge_groups(asked, held, limits.group_exposure, account, correlate)
    )


def uses(held: Sequence[Exposure], limits: Limits, account: Account, correlate: Correlate) -> list[Use]:
    """How far each limit is used; those by asset or group by the one that is used most, and all others after it."""
    found: list[Use] = []
    assets = sorted({one.asset for one in held})
    if limits.open_trades is not None:
        found.append(Use("limits.open_trades", "", Decimal(_trades(held)), Decimal(limits.open_trades)))
    if limits.asset_trades is not None:
        of_assets: list[tuple[str, Decimal | None]] = [
            (asset, Decimal(_trades(_of_asset(held, asset)))) for asset in assets
        ]
        found += _ranked("limits.asset_trades", of_assets, Decimal(limits.asset_trades))
    if limits.asset_exposure is not None:
        ratios = [(asset, _ratio(_of_asset(held, asset), account)) for asset in assets]
        found += _ranked("limits.asset_exposure", ratios, limits.asset_exposure)
    if limits.total_exposure is not None:
        found.append(Use("limits.total_exposure", "", _ratio(held, account), limits.total_exposure))
    if limits.group_exposure is not None:
        groups: dict[str, Decimal | None] = {}
        for centre in held:
            group = _group(centre, held, limits.group_exposure, correlate)
            groups[" ".join(sorted({one.asset for one in group}))] = _ratio(group, account)
        found += _ranked("limits.group_exposure", list(groups.items()), limits.group_exposure.ratio)
    return found


def merged(held: Iterable[Exposure]) -> list[Exposure]:
    """By asset and direction, whosever it is: judging so many is quick."""
    values: dict[tuple[str, bool], Decimal | None] = {}
    trades: dict[tuple[str, bool], int] = {}
    for one in held:
        key = (one.asset, one.is_short)
        before = values.get(key, _ZERO)
        values[key] = None if before is None or one.value is None else before + one.value
        trades[key] = trades.get(key, 0) + one.trades
    return [
        Exposure("", asset, is_short, value, trades[asset, is_short]) for (asset, is_short), value in values.items()
    ]


def gross(held: Iterable[Exposure]) -> Decimal | None:
    """Sum of the values; None where one is not known."""
    total = _ZERO
    for one in held:
        if one.value is None:
            return None
        total += one.value
    return total


def _judge_count(limit: str, asset: str, asked: Exposure, held: Sequence[Exposure], most: int | None) -> Refused | None:
    if most is None or asked.trades == 0:
        return None
    concerned = _of_asset(held, asset) if asset else held
    now = _trades(concerned)
    if now + asked.trades <= most:
        return None
    what = f"trades in {asset}" if asset else "trades"
    return Refused(limit, f"There are {now} open or reserved {what} across your bots; the limit is {most}.")


def _judge_ratio(
    limit: str,
    subject: str,
    asked: Exposure,
    held: Iterable[Exposure],
    most: Decimal | None,
    account: Account,
) -> Refused | None:
    if most is None:
        return None
    if account.equity is None:
        why = "since no bot has reported yet, or a rate is missing"
        return Refused(limit, f"Equity in {account.currency} is not known, {why}; nothing is added.")
    before, added = gross(held), asked.value
    if before is None or added is None:
        return Refused(
            limit, f"Exposure in {account.currency} is not known, since a rate is missing; nothing is added."
        )
    if account.equity > 0 and before + added <= most * account.equity:
        return None
    of = f" to {subject}" if subject else ""
    return Refused(
        limit,
        f"Exposure{of} would be {_money(before + added, account)} with this order of {_money(added, account)}; the "
        f"limit is {_percent(most)} of equity, {_money(most * max(_ZERO, account.equity), account)} of "
        f"{_money(account.equity, account)}.",
    )


def _judge_groups(
    asked: Exposure,
    held: Sequence[Exposure],
    limit: GroupExposure | None,
    account: Account,
    correlate: Correlate,
) -> Refused | None:
    if limit is None:
        return None
    seen: set[tuple[str, bool]] = set()
    for centre in chain([asked], _group(asked, held, limit, correlate)):
        if (centre.asset, centre.is_short) in seen:
            continue
        seen.add((centre.asset, centre.is_short))
        group = _group(centre, held, limit, correlate)
        names = sorted({asked.asset, *(one.asset for one in group)})
        refused = _judge_ratio("limits.group_exposure", ", ".join(names), asked, group, limit.ratio, account)
        if refused is not None:
            unknown = [name for name in names if name != asked.asset and correlate(asked.asset, name) is None]
            told = f" Not known yet, and counted as correlated: {', '.join(unknown)}." if unknown else ""
            return Refused(refused.limit, refused.message + told)
    return None


def _group(centre: Exposure, held: Iterable[Exposure], limit: GroupExposure, correlate: Correlate) -> list[Exposure]:
    threshold = float(limit.correlation)
    return [one for one in held if alike(centre.asset, centre.is_short, one.asset, one.is_short, threshold, correlate)]


def _of_asset(held: Iterable[Exposure], asset: str) -> list[Exposure]:
    return [one for one in held if one.asset == asset]


def _trades(held: Iterable[Exposure]) -> int:
    return sum(one.trades for one in held)


def _ratio(held: Iterable[Exposure], account: Account) -> Decimal | None:
    total = gross(held)
    if total is None or account.equity is None or account.equity <= 0:
        return None if total != _ZERO else _ZERO
    return (total / account.equity).quantize(Decimal("0.0001"), context=_WIDE)


def _ranked(limit: str, used: list[tuple[str, Decimal | None]], allowed: Decimal) -> list[Use]:
    """An unknown comes first."""
    ranked = sorted(used, key=lambda one: (one[1] is not None, -(one[1] or _ZERO), one[0]))
    return [Use(limit, subject, ratio, allowed) for subject, ratio in ranked]


def _money(value: Decimal, account: Account) -> str:
    return f"{value:,.2f} {account.currency}"


def _percent(ratio: Decimal) -> str:
    return f"{float(ratio) * 100:g} %"

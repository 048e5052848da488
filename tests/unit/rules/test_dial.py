"""The risk dial: valid everywhere, and never tighter for turning it up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.contract.policy import PolicyDocument, RiskSize
from pool.rules import dial
from pool.rules.presets import PRESETS

dials = st.integers(dial.CALMEST, dial.BOLDEST)
horizons = st.decimals("0.1", "10", places=2)


def _looseness(document: PolicyDocument) -> dict[str, Decimal]:
    """Every figure, turned so that more is looser."""
    take, trailing, even, stop = (
        document.take_profit,
        document.trailing_stop,
        document.break_even,
        document.hard_stop,
    )
    limits, emergency, time_exit = document.limits, document.emergency, document.time_exit
    assert take
    assert trailing
    assert even
    assert stop
    assert limits
    assert emergency
    assert time_exit
    assert limits.group_exposure
    assert limits.cool_down
    assert isinstance(document.sizing, RiskSize)
    figures: dict[str, Decimal | int | None] = {
        "trailing.activation": trailing.activation,
        "trailing.distance": trailing.distance,
        "-trailing.lock_in": trailing.lock_in,
        "even.trigger": even.trigger,
        "-even.offset": even.offset,
        "stop.distance": stop.distance,
        "time_exit": time_exit.after_minutes,
        "sizing": document.sizing.ratio,
        "open_trades": limits.open_trades,
        "asset_trades": limits.asset_trades,
        "asset_exposure": limits.asset_exposure,
        "total_exposure": limits.total_exposure,
        "group": limits.group_exposure.ratio,
        "correlation": limits.group_exposure.correlation,
        "-cool_down.after_loss": limits.cool_down.after_loss_minutes,
        "cool_down.losses": limits.cool_down.losses,
        "-cool_down.after_streak": limits.cool_down.after_streak_minutes,
        "emergency": emergency.ratio,
    }
    closed = Decimal(0)
    for number, level in enumerate(take.levels):
        closed += level.fraction if level.fraction is not None else 1 - closed
        figures[f"profit.{number}"] = level.profit
        figures[f"-closed.{number}"] = closed
    figures |= {f"loss.{one.scope}.{one.window}": one.ratio for one in document.loss_limits}
    turned = {}
    for name, value in figures.items():
        assert value is not None, name
        turned[name] = Decimal(-value if name.startswith("-") else value)
    return turned


@given(dials, dials, horizons)
def test_a_higher_dial_tightens_nothing(one: int, other: int, horizon: Decimal) -> None:
    calmer, bolder = (_looseness(dial.document(at, horizon=horizon)) for at in sorted((one, other)))
    assert calmer.keys() == bolder.keys()
    assert [name for name, value in calmer.items() if bolder[name] < value] == []


@given(dials, horizons)
def test_each_document_says_something_about_everything_and_is_valid(at: int, horizon: Decimal) -> None:
    made = dial.document(at, horizon=horizon, time_zone="Europe/Berlin", reference_pair="ETH/USDC")
    assert PolicyDocument.model_validate_json(made.model_dump_json()) == made
    assert [name for name in PolicyDocument.model_fields if getattr(made, name) in (None, ())] == []
    assert made.emergency is not None
    assert (made.time_zone, made.emergency.pair) == ("Europe/Berlin", "ETH/USDC")


def test_the_ends_are_as_published() -> None:
    calm, bold = _looseness(dial.document(0)), _looseness(dial.document(100))
    assert (calm["stop.distance"], bold["stop.distance"]) == (Decimal("0.02"), Decimal("0.2"))
    assert (calm["open_trades"], bold["open_trades"]) == (3, 30)
    assert (calm["loss.user.daily"], bold["loss.user.daily"]) == (Decimal("0.02"), Decimal("0.15"))
    for at in (-1, 101):
        with pytest.raises(ValueError, match="from 0 to 100"):
            dial.document(at)


def test_presets_are_settings_of_the_dial() -> None:
    assert PRESETS["balanced"].document() == dial.document(50)
    calm, bold = (_looseness(PRESETS[name].document()) for name in ("conservative", "aggressive"))
    assert [name for name, value in calm.items() if bold[name] <= value] == ["-closed.2"], "the last level closes all"
    quick, slow = (PRESETS[name].document().hard_stop for name in ("scalper", "swing"))
    assert quick
    assert slow
    assert quick.distance is not None
    assert slow.distance is not None
    assert quick.distance * 8 == slow.distance

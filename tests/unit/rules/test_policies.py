"""Documents under guardrails: nothing is looser than they say, and every value tells where it is from."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pool.contract.policy import Guardrails, PolicyDocument, PolicyInForce, PolicyOverride
from pool.rules.diff import Change, diff, leaves, plain
from pool.rules.guardrails import tighten, violations
from pool.rules.resolve import Versions, fingerprint, in_force, refused, resolve


def document(**sections: Any) -> PolicyDocument:
    return PolicyDocument.model_validate(sections)


def override(**sections: Any) -> PolicyOverride:
    return PolicyOverride.model_validate(sections)


ratios = st.decimals("0.0001", "1", places=4)
counts = st.integers(0, 50)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def loss_limits(*scopes: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {
            "scope": st.sampled_from(scopes),
            "window": st.sampled_from(["daily", "weekly", "drawdown"]),
            "response": st.sampled_from(["pause", "reduce", "flatten"]),
            "ratio": ratios,
        }
    )
    return st.lists(one, max_size=18, unique_by=lambda limit: (limit["scope"], limit["window"], limit["response"]))


documents = st.builds(
    document,
    hard_stop=maybe(
        st.one_of(st.fixed_dictionaries({"distance": ratios}), st.fixed_dictionaries({"atr_multiple": ratios}))
    ),
    sizing=maybe(
        st.one_of(
            st.fixed_dictionaries({"method": st.just("equity"), "ratio": ratios}),
            st.fixed_dictionaries({"method": st.just("kelly"), "cap": ratios}),
        )
    ),
    limits=maybe(
        st.fixed_dictionaries(
            {
                "open_trades": maybe(counts),
                "asset_exposure": maybe(ratios),
                "total_exposure": maybe(ratios),
                "group_exposure": maybe(st.fixed_dictionaries({"ratio": ratios, "correlation": ratios})),
            }
        )
    ),
    loss_limits=loss_limits("bot", "user"),
)
guardrails = st.builds(
    Guardrails,
    hard_stop_at_most=maybe(ratios),
    open_trades_at_most=maybe(counts),
    asset_exposure_at_most=maybe(ratios),
    total_exposure_at_most=maybe(ratios),
    group_exposure_at_most=maybe(ratios),
    stake_at_most=maybe(ratios),
    daily_loss_at_most=maybe(ratios),
    weekly_loss_at_most=maybe(ratios),
    drawdown_at_most=maybe(ratios),
)


overrides = st.none() | st.builds(
    lambda sections: override(**sections),
    st.fixed_dictionaries(
        {},
        optional={
            "hard_stop": maybe(st.fixed_dictionaries({"distance": ratios})),
            "sizing": maybe(st.fixed_dictionaries({"method": st.just("equity"), "ratio": ratios})),
            "limits": maybe(st.just({"cool_down": {"after_loss_minutes": 5}})),
            "loss_limits": loss_limits("bot"),
        },
    ),
)


@given(documents, overrides, guardrails)
def test_what_is_resolved_is_within_the_guardrails_and_can_be_told(
    given: PolicyDocument, own: PolicyOverride | None, rails: Guardrails
) -> None:
    resolved = resolve(given, own, rails)
    assert violations(resolved.document, rails) == []
    assert tighten(resolved.document, rails) == resolved.document
    told = in_force(resolved, Versions(1, 0, 1))
    assert PolicyInForce.model_validate_json(told.to_json()) == told, "a bot reads what it is told"
    assert resolved.sources.keys() == leaves(plain(resolved.document)).keys()


@given(documents, guardrails)
def test_a_guardrail_only_ever_tightens(given: PolicyDocument, rails: Guardrails) -> None:
    tight = tighten(given, rails)
    before, after = given.limits, tight.limits
    for name in ("open_trades", "asset_exposure", "total_exposure"):
        old, new = getattr(before, name, None), getattr(after, name, None)
        assert old is None or (new is not None and new <= old)
    if given.hard_stop is not None and given.hard_stop.distance is not None:
        assert tight.hard_stop is not None
        assert tight.hard_stop.distance is not None
        assert tight.hard_stop.distance <= given.hard_stop.distance
    ratios_before = {(one.scope, one.window, one.response): one.ratio for one in given.loss_limits}
    ratios_after = {(one.scope, one.window, one.response): one.ratio for one in tight.loss_limits}
    assert all(ratios_after[kind] <= ratio for kind, ratio in ratios_before.items())


def test_a_section_of_the_override_replaces_null_switches_off_and_nothing_inherits() -> None:
    default = document(
        take_profit={"levels": [{"profit": "0.02"}]},
        hard_stop={"distance": "0.1"},
        time_exit={"after_minutes": 60},
        limits={"open_trades": 5, "cool_down": {"after_loss_minutes": 5}, "trading_hours": []},
        loss_limits=[
            {"scope": "bot", "window": "daily", "ratio": "0.1"},
            {"scope": "user", "window": "daily", "ratio": "0.2"},
        ],
    )
    own = override(
        hard_stop={"distance": "0.05"},
        time_exit=None,
        limits={"cool_down": {"after_loss_minutes": 30}},
        loss_limits=[{"scope": "bot", "window": "weekly", "ratio": "0.3"}],
    )
    resolved = resolve(default, own, Guardrails(open_trades_at_most=3))
    values = leaves(plain(resolved.document))
    shown = {path: (values[path], resolved.sources[path]) for path in values}
    assert shown["take_profit.levels.0.profit"] == ("0.02", "default")
    assert shown["hard_stop.distance"] == ("0.05", "override")
    assert shown["hard_stop.atr_period"] == (14, "built-in")
    assert shown["time_exit"] == (None, "override")
    assert shown["limits.open_trades"] == (3, "guardrail")
    assert shown["limits.cool_down.after_loss_minutes"] == (30, "override")
    assert shown["limits.trading_hours"] == ([], "default")
    assert shown["loss_limits.0.scope"] == ("user", "default")
    assert shown["loss_limits.1.window"] == ("weekly", "override")
    assert shown["break_even"] == (None, "built-in")
    assert "loss_limits.2.scope" not in shown


def test_limits_of_a_bot_are_switched_off_by_null() -> None:
    default = document(limits={"open_trades": 5, "cool_down": {"after_loss_minutes": 5}})
    limits = resolve(default, override(limits=None)).document.limits
    assert limits is not None
    assert (limits.open_trades, limits.cool_down) == (5, None)


@pytest.mark.parametrize(
    ("sections", "rails", "path"),
    [
        ({"hard_stop": {"distance": "0.2"}}, {"hard_stop_at_most": "0.1"}, "hard_stop.distance"),
        ({"hard_stop": {"atr_multiple": "2", "distance": "0.3"}}, {"hard_stop_at_most": "0.1"}, "hard_stop.distance"),
        ({"limits": {"open_trades": 6}}, {"open_trades_at_most": 5}, "limits.open_trades"),
        (
            {"limits": {"group_exposure": {"ratio": "0.1", "correlation": "1"}}},
            {"group_exposure_at_most": "1"},
            "limits.group_exposure.correlation",
        ),
        ({"sizing": {"method": "kelly", "cap": "0.5"}}, {"stake_at_most": "0.1"}, "sizing.cap"),
        (
            {"loss_limits": [{"scope": "user", "window": "daily", "ratio": "0.5"}]},
            {"daily_loss_at_most": "0.1"},
            "loss_limits.0.ratio",
        ),
    ],
)
def test_what_is_looser_is_named_by_its_path(sections: dict[str, Any], rails: dict[str, Any], path: str) -> None:
    (found,) = violations(document(**sections), Guardrails.model_validate(rails))
    assert found.path == path
    assert found.sentence.startswith("must be ")


def test_a_guardrail_leaves_a_stop_by_atr_and_bounds_it() -> None:
    rails = Guardrails(hard_stop_at_most=Decimal("0.1"))
    by_atr = document(hard_stop={"atr_multiple": "2"})
    assert violations(by_atr, rails) == []
    assert tighten(by_atr, rails) == document(hard_stop={"atr_multiple": "2", "distance": "0.1"})


def test_an_override_is_blamed_for_its_own_fields_alone() -> None:
    rails = Guardrails(hard_stop_at_most=Decimal("0.1"))
    loose = document(hard_stop={"distance": "0.5"}, limits={"open_trades": 100})
    assert refused(loose, override(time_exit=None), rails) == []
    assert [one.path for one in refused(loose, override(hard_stop=None), rails)] == ["hard_stop"]
    assert [one.path for one in refused(None, override(hard_stop={"distance": "0.2"}), rails)] == ["hard_stop.distance"]


def test_a_fingerprint_names_content_and_versions_and_nothing_else() -> None:
    one, same, other = (document(hard_stop={"distance": value}) for value in ("0.1", "0.100", "0.11"))
    assert fingerprint("1.0.0", one, None) == fingerprint("1.0.0", same, None)
    told = {
        fingerprint("1.0.0", one, None),
        fingerprint("1.0.0", other, None),
        fingerprint("2.0.0", one, None),
        fingerprint("1.0.0", one, Decimal("0.5")),
    }
    assert len(told) == 4
    assert all(len(text) == 64 for text in told)


def test_a_diff_is_by_path_and_blind_to_needless_zeros() -> None:
    before = plain(document(take_profit={"levels": [{"profit": "0.02", "fraction": "0.50"}, {"profit": "0.05"}]}))
    after = plain(document(take_profit={"levels": [{"profit": "0.020", "fraction": "0.6"}]}, time_zone="Asia/Tokyo"))
    assert diff(before, after) == [
        Change("take_profit.levels.0.fraction", "0.5", "0.6"),
        Change("take_profit.levels.1.profit", "0.05", None),
        Change("time_zone", "UTC", "Asia/Tokyo"),
    ]
    assert diff(before, before) == []
    assert diff({}, {"time_exit": None}) == [], "a default says nothing either way"
    assert diff({}, {"time_exit": None}, null="off") == [Change("time_exit", None, "off")], "an override does"

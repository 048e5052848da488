"""Marks survive their way through a trade's custom data, and whatever else is found there."""

import json
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from pool.rules.marks import marks_from_json, marks_to_json
from pool.rules.position import Marks, Rule

RATES = st.none() | st.floats(1e-12, 1e12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.builds(Marks, RATES, RATES, st.none() | st.sampled_from(get_args(Rule)), RATES, RATES, RATES, RATES, RATES))
def test_they_come_back(marks: Marks) -> None:
    assert marks_from_json(json.loads(json.dumps(marks_to_json(marks)))) == marks


@given(JSON | st.dictionaries(st.sampled_from(["best_rate", "stop_rate", "stop_rule", "future"]), JSON))
def test_broken_content_is_unknown(content: object) -> None:
    marks = marks_from_json(content)

    assert marks.best_rate is None or marks.best_rate > 0
    assert marks.stop_rule is None or marks.stop_rule in get_args(Rule)
    json.dumps(marks_to_json(marks), allow_nan=False)


def test_what_can_be_read_is_kept() -> None:
    content = {"best_rate": 3, "stop_rate": "high", "stop_rule": "moon", "entry_atr": True, "trailing_rate": 10**400}

    assert marks_from_json(content) == Marks(best_rate=3.0)

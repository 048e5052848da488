"""What holds along any path of prices, fills and documents."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.contract.policy import PolicyDocument
from pool.rules.exits import LEAST_MOVE, decide, thresholds
from pool.rules.position import Marks, Position, Price
from pool.rules.profit import hit, reached
from tests.unit.rules.examples import NOW, document, position

STOPS = {"hard_stop": "hard_stop_rate", "trailing_stop": "trailing_rate", "break_even": "break_even_rate"}
RATIOS = st.integers(1, 30).map(lambda percent: Decimal(percent) / 100)


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, object]:
    profits = sorted(draw(st.sets(RATIOS, min_size=1, max_size=4)))
    shares = [draw(st.sampled_from(["0.1", "0.15", "0.25"])) for _ in profits]
    found: list[dict[str, object]] = [
        {"profit": profit, "fraction": share} for profit, share in zip(profits, shares, strict=True)
    ]
    if draw(st.booleans()):
        found[-1]["fraction"] = None
    return {"levels": found}


@st.composite
def trailing_stops(draw: st.DrawFn, *, by_ratio: bool = True) -> dict[str, object]:
    activation = draw(st.none() | RATIOS)
    section: dict[str, object] = {"activation": activation, "step": draw(st.sampled_from(["0", "0.0033", "0.03"]))}
    if by_ratio and draw(st.booleans()):
        section["distance"] = min(draw(RATIOS), activation or Decimal(1))
    else:
        section["atr_multiple"] = draw(st.integers(1, 4))
    if activation is not None and draw(st.booleans()):
        section["lock_in"] = activation / 2
    return section


@st.composite
def documents(draw: st.DrawFn, *, by_ratio: bool = True) -> PolicyDocument:
    trigger = draw(RATIOS)
    sections = {
        "take_profit": draw(st.none() | ladders()),
        "trailing_stop": draw(st.none() | trailing_stops(by_ratio=by_ratio)),
        "break_even": draw(st.none() | st.just({"trigger": trigger, "offset": trigger / 2})),
        "hard_stop": draw(st.none() | RATIOS.map(lambda ratio: {"distance": ratio}) | st.just({"atr_multiple": 3})),
    }
    return document(**sections)


PRICES = st.integers(60, 140).map(lambda price: price + 0.25)
"""Never just at a threshold of the documents above at an open rate of 100: what rounding does there is no matter."""
ATRS = st.integers(1, 5).map(lambda value: {14: float(value)})
FEES = st.sampled_from([0.0, 0.001, 0.02])


@dataclass(frozen=True)
class Move:
    rate: float
    atr: dict[int, float] | None
    document: PolicyDocument | None = None
    """A new one."""
    filled: float = 1.0
    """Share of the order that fills; the rest vanishes."""
    entry: float = 0.0
    """Amount that is entered after it."""


MOVES = st.lists(
    st.builds(
        Move,
        rate=PRICES,
        atr=st.none() | ATRS,
        document=st.none() | documents(),
        filled=st.sampled_from([0.0, 0.3, 0.5, 1.0, 1.0, 1.0]),
        entry=st.sampled_from([0.0, 0.0, 0.0, 0.5, 2.0]),
    ),
    min_size=1,
    max_size=25,
)


def fees(ratio: float) -> dict[str, float]:
    return {"fee_open": ratio, "fee_close": ratio}


def added(held: Position, rate: float, entry: float) -> Position:
    """After a further entry, with the open rate that FreqTrade has of what is held then."""
    amount = held.amount + entry
    average = (held.open_rate * held.amount + rate * entry) / amount
    return replace(held, amount=amount, amount_entered=held.amount_entered + entry, open_rate=average)


def tighter(held: Position, after: float | None, before: float | None) -> bool:
    return before is None or (after is not None and reached(held, after, before))


@settings(max_examples=150)
@given(MOVES, documents(), st.booleans(), st.sampled_from([1.0, 2.0, 5.0]), FEES)
def test_stops_only_tighten(
    path: list[Move], rules: PolicyDocument, is_short: bool, leverage: float, fee: float
) -> None:
    """Of each rule while documents have it, and all together while no rule is dropped."""
    held, marks = position(is_short=is_short, leverage=leverage, **fees(fee)), Marks()
    for move in path:
        dropped = set()
        if move.document is not None:
            dropped = {rule for rule in STOPS if getattr(rules, rule) and not getattr(move.document, rule)}
            rules = move.document
        after = decide(held, marks, Price(move.rate), rules, NOW, atr=move.atr).marks
        for rule, name in STOPS.items():
            assert rule in dropped or tighter(held, getattr(after, name), getattr(marks, name))
        assert dropped or tighter(held, after.stop_rate, marks.stop_rate)
        rates = [after.hard_stop_rate, after.trailing_rate, after.break_even_rate]
        assert all(tighter(held, after.stop_rate, rate) for rate in rates)
        assert (after.stop_rate is None) == (after.stop_rule is None)
        if move.entry:
            held = added(held, move.rate, move.entry)
        marks = after


@settings(max_examples=300)
@given(MOVES, documents(), st.booleans(), st.sampled_from([1.0, 3.0]), FEES)
def test_an_entry_by_itself_brings_no_stop_to_where_the_rate_is(
    path: list[Move], rules: PolicyDocument, is_short: bool, leverage: float, fee: float
) -> None:
    """Neither at once nor before the price moved against the position or beyond where it was."""
    held, marks = position(is_short=is_short, leverage=leverage, **fees(fee)), Marks()
    for move in path:
        decision = decide(held, marks, Price(move.rate), rules, NOW, atr=move.atr)
        marks, close = decision.marks, decision.close
        if close is not None and close.amount is None:
            return
        if close is not None and close.amount is not None:
            amount = close.amount * move.filled
            held = replace(held, amount=held.amount - amount, ladder_closed=held.ladder_closed + amount)
        if not move.entry:
            continue
        held = added(held, move.rate, move.entry)
        for price in (Price(move.rate), Price(move.rate, low=min(move.rate, 60.0), high=max(move.rate, 140.0))):
            after = decide(held, marks, price, rules, NOW, atr=move.atr)
            if price.low is None:
                assert after.close is None or after.close.rule == "take_profit"
            assert after.marks.stop_rate is None or not hit(held, move.rate, after.marks.stop_rate)
        again = decide(held, marks, Price(move.rate), rules, NOW, atr=move.atr).marks
        assert decide(held, again, Price(move.rate), rules, NOW, atr=move.atr).marks == again
        marks = again


@settings(max_examples=150)
@given(MOVES, documents(), st.booleans(), st.sampled_from([0.0, 0.05, 0.3]), FEES)
def test_what_is_closed_adds_up(
    path: list[Move], rules: PolicyDocument, is_short: bool, min_amount: float, fee: float
) -> None:
    """Closes never add up to more than was entered; the ladder's never to more than its levels give, but where the rest
    is too small; after a full close nothing is left."""
    held, marks, closed = position(is_short=is_short, **fees(fee)), Marks(), 0.0
    for move in path:
        rules = move.document or rules
        decision = decide(held, marks, Price(move.rate), rules, NOW, atr=move.atr, min_amount=min_amount)
        marks, close = decision.marks, decision.close
        if close is not None:
            amount = held.amount if close.amount is None else close.amount
            assert 0 < amount <= held.amount
            if close.amount is not None:
                assert close.rule == "take_profit"
                assert close.amount >= min_amount
                assert held.amount - close.amount >= min_amount
                fractions = [level.fraction for level in rules.take_profit.levels] if rules.take_profit else []
                wanted = float(sum((fraction or Decimal(1) for fraction in fractions[: close.level]), Decimal(0)))
                assert held.ladder_closed + amount == pytest.approx(wanted * held.amount_entered)
            amount *= move.filled
            ladder = amount if close.rule == "take_profit" else 0.0
            held = replace(held, amount=held.amount - amount, ladder_closed=held.ladder_closed + ladder)
            closed += amount
            if close.amount is None and move.filled == 1:
                assert held.amount == 0
                assert closed == pytest.approx(held.amount_entered)
                return
        if move.entry:
            held = added(held, move.rate, move.entry)
        assert held.amount + closed == pytest.approx(held.amount_entered)


@settings(max_examples=150)
@given(ladders(), st.lists(PRICES, min_size=1, max_size=30), st.booleans())
def test_no_level_is_sold_twice(ladder: dict[str, object], path: list[float], is_short: bool) -> None:
    rules = document(take_profit=ladder)
    held, sold = position(is_short=is_short), []
    for rate in path:
        close = decide(held, Marks(), Price(rate), rules, NOW).close
        if close is None:
            continue
        sold.append(close.level)
        amount = held.amount if close.amount is None else close.amount
        held = replace(held, amount=held.amount - amount, ladder_closed=held.ladder_closed + amount)
    assert sold == sorted(set(sold), key=lambda level: level or 0)


@settings(max_examples=150)
@given(st.lists(PRICES, min_size=1, max_size=25), documents(by_ratio=False), ATRS, st.sampled_from([1.0, 2.0]))
def test_a_short_is_a_long_in_the_mirror(
    path: list[float], rules: PolicyDocument, atr: dict[int, float], leverage: float
) -> None:
    """Without fees and with distances by ATR, prices mirrored at the open rate give the same decisions. (A trailing
    distance by ratio is a ratio of the best rate, as FreqTrade's, which has no such mirror.)"""
    long, short = position(leverage=leverage), position(leverage=leverage, is_short=True)
    marks, mirrored = Marks(), Marks()
    for rate in path:
        one = decide(long, marks, Price(rate), rules, NOW, atr=atr)
        other = decide(short, mirrored, Price(200 - rate), rules, NOW, atr=atr)
        marks, mirrored = one.marks, other.marks
        assert marks.stop_rule == mirrored.stop_rule
        assert (marks.stop_rate is None) == (mirrored.stop_rate is None)
        if marks.stop_rate is not None and mirrored.stop_rate is not None:
            assert marks.stop_rate == pytest.approx(200 - mirrored.stop_rate)
        assert (one.close is None) == (other.close is None)
        if one.close is None or other.close is None:
            continue
        assert (one.close.rule, one.close.level) == (other.close.rule, other.close.level)
        assert one.close.amount == (None if other.close.amount is None else pytest.approx(other.close.amount))
        if one.close.amount is None:
            return
        closed = one.close.amount
        long = replace(long, amount=long.amount - closed, ladder_closed=long.ladder_closed + closed)
        short = replace(short, amount=short.amount - closed, ladder_closed=short.ladder_closed + closed)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(PRICES, st.sampled_from([0.0, 0.0, 1.0])), min_size=1, max_size=10),
    documents(),
    ATRS,
    st.booleans(),
    st.floats(0, 1),
)
def test_between_the_thresholds_nothing_happens_and_at_them_something_does(
    path: list[tuple[float, float]], rules: PolicyDocument, atr: dict[int, float], is_short: bool, part: float
) -> None:
    held, marks = position(is_short=is_short), Marks()
    for rate, entry in path:
        held = added(held, rate, entry)
        decision = decide(held, marks, Price(rate), rules, NOW, atr=atr)
        marks = decision.marks
        if decision.close is not None:
            return
        found = thresholds(held, marks, rules, atr, rate=rate)
        below = found.below if found.below is not None else rate * 0.5
        above = found.above if found.above is not None else rate * 1.5
        assert below < rate < above
        within = below + (above - below) * (0.001 + 0.998 * part)
        quiet = decide(held, marks, Price(within), rules, NOW, atr=atr)
        assert quiet.close is None
        if marks.stop_rate is not None:
            assert quiet.marks.stop_rate == pytest.approx(marks.stop_rate, rel=2 * LEAST_MOVE)
        for threshold in (found.below, found.above):
            if threshold is not None:
                moved = decide(held, marks, Price(threshold), rules, NOW, atr=atr)
                assert moved.close is not None or moved.marks != marks


@settings(max_examples=150)
@given(st.lists(PRICES, min_size=1, max_size=15), documents(), ATRS, st.booleans())
def test_a_flat_candle_is_a_price(
    path: list[float], rules: PolicyDocument, atr: dict[int, float], is_short: bool
) -> None:
    held, live, candle = position(is_short=is_short), Marks(), Marks()
    for rate in path:
        one = decide(held, live, Price(rate), rules, NOW, atr=atr)
        other = decide(held, candle, Price(rate, low=rate, high=rate), rules, NOW, atr=atr)
        assert one == other
        live, candle = one.marks, other.marks


@settings(max_examples=150)
@given(PRICES, PRICES, PRICES, documents(), ATRS, st.booleans())
def test_a_stop_that_was_hit_is_told(
    rate: float, one: float, other: float, rules: PolicyDocument, atr: dict[int, float], is_short: bool
) -> None:
    held = position(is_short=is_short)
    price = Price(rate, low=min(rate, one, other), high=max(rate, one, other))
    decision = decide(held, Marks(), price, rules, NOW, atr=atr)

    adverse = price.high if is_short else price.low
    assert adverse is not None
    stop = decision.marks.stop_rate
    stopped = decision.close is not None and decision.close.rule != "take_profit"
    assert stopped == (stop is not None and hit(held, adverse, stop))

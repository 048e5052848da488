"""What reading a strategy finds: places and kinds, and never a crash."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pool.agent.endpoints import MAX_BODY_BYTES
from pool.contract.checks import Severity
from pool.contract.slots import StrategySource
from pool.rules.strategy_source import SOURCE_BYTES, inspect

GOOD = """
import talib.abstract as ta
from freqtrade.strategy import IStrategy
from pandas import DataFrame


class Mine(IStrategy):
    timeframe = "5m"
    stoploss = -0.1
    minimal_roi = {"0": 0.1}

    def populate_indicators(self, dataframe: DataFrame, metadata: dict) -> DataFrame:
        dataframe["ema"] = ta.EMA(dataframe, timeperiod=5)
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["close"] > dataframe["ema"].shift(1), "enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
TEMPLATES = sorted(Path(__file__).parents[3].glob("bot_templates/*/strategy.py"))


def found(source: str, class_name: str | None = None) -> list[tuple[str, str, int | None]]:
    report = inspect(source, class_name)
    return [(one.code, one.severity.value, one.line) for one in report.findings]


def test_what_is_nested_is_told_once() -> None:
    """A walk for each function that it is in would take a minute and a half of the largest source."""
    nested = "\n".join(f"{' ' * depth}def populate_{depth}():" for depth in range(20))
    assert found(GOOD + nested + f"\n{' ' * 20}dataframe.max()").count(("lookahead", "warning", 42)) == 1


def test_what_takes_long_to_read_is_not_read() -> None:
    assert found(GOOD + "a;" * 60_000) == [("size", "error", None)]


@pytest.mark.parametrize(("letter", "codes"), [("\x01", ["size"]), ("\n", []), ('"', []), ("é", [])])
def test_what_outgrows_an_agents_limit_on_its_way_is_told_at_once(letter: str, codes: list[str]) -> None:
    source = GOOD + "# " + letter * ((SOURCE_BYTES - len(GOOD) - 2) // len(letter.encode()))
    assert [code for code, _, _ in found(source)] == codes
    if not codes:
        assert len(StrategySource(class_name="Mine", source=source).to_json()) < MAX_BODY_BYTES * 2 // 3


def test_a_good_one_has_no_findings_and_its_class_is_found() -> None:
    report = inspect(GOOD)
    assert (report.findings, report.class_name, report.passed) == ([], "Mine", True)


@pytest.mark.parametrize("name", ["Größe", "A" * 101])
@pytest.mark.parametrize("named", [True, False])
def test_a_class_that_no_pool_takes_is_told_so_at_its_line(name: str, named: bool) -> None:
    report = inspect(GOOD.replace("Mine", name), name if named else None)
    assert (report.passed, report.class_name) == (False, None)
    assert [(one.code, one.line) for one in report.findings] == [("class", 7)]


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.parent.name)
def test_shipped_ones_pass(file: Path) -> None:
    assert inspect(file.read_text()).findings == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("import os", "import"),
        ("import pandas, subprocess", "import"),
        ("from . import other", "import"),
        ("from urllib.request import urlopen", "import"),
        ("__import__('os')", "call"),
        ("eval('1')", "call"),
        ("open('/etc/passwd')", "call"),
        ("print(().__class__.__mro__)", "call"),
    ],
)
def test_what_reaches_out_is_an_error_at_its_line(line: str, code: str) -> None:
    assert found(GOOD + line + "\n") == [(code, "error", GOOD.count("\n") + 1)]


def test_imports_in_functions_are_found_too() -> None:
    source = GOOD.replace("        return dataframe\n", "        import socket\n        return dataframe\n", 1)
    assert [code for code, _, _ in found(source)] == ["import"]


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ("    def populate_exit_trend", "populate_exit_trend"),
        ("    def populate_entry_trend", "populate_entry_trend"),
        ("    stoploss", "stoploss"),
        ("    timeframe", "timeframe"),
    ],
)
def test_what_freqtrade_needs_is_missed(lost: str, told: str) -> None:
    (finding,) = inspect(GOOD.replace(lost, lost.replace(lost.split()[-1], "other"))).findings
    assert (finding.code, finding.severity, finding.line) == ("interface", Severity.ERROR, 7)
    assert told in finding.message


def test_legacy_names_and_ancestors_in_the_file_count() -> None:
    legacy = GOOD.replace("entry_trend", "buy_trend").replace("exit_trend", "sell_trend")
    assert found(legacy) == []
    child = GOOD + "\n\nclass Child(Mine):\n    stoploss = -0.2\n"
    report = inspect(child)
    assert (report.findings, report.class_name) == ([], "Child")
    assert inspect(child, "Mine").class_name == "Mine"
    assert inspect(GOOD.replace("IStrategy)", "Elsewhere, IStrategy)").replace("    stoploss", "    other")).passed


def test_several_strategies_must_be_chosen_from() -> None:
    two = GOOD + GOOD.split("\n\n\n", 1)[1].replace("class Mine", "class Other")
    report = inspect(two)
    assert report.class_name is None
    assert "Mine, Other" in report.findings[0].message
    assert inspect(two, "Other").passed
    assert not inspect(two, "Nobody").passed


@pytest.mark.parametrize(
    "line",
    [
        'dataframe["x"] = dataframe["close"].shift(-1)',
        'dataframe["x"] = dataframe["close"].shift(periods=-2)',
        'dataframe["x"] = dataframe["close"].bfill()',
        'dataframe["x"] = dataframe["close"].rolling(5, center=True).mean()',
        'dataframe["x"] = dataframe["close"].max()',
        'dataframe["x"] = (dataframe.close - dataframe.close.mean())',
        'dataframe["x"] = dataframe["close"].iloc[-1]',
        'dataframe["x"] = dataframe.iloc[-1, 2]',
    ],
)
def test_what_sees_the_future_is_a_warning_at_its_line(line: str) -> None:
    source = GOOD.replace("        return dataframe\n", f"        {line}\n        return dataframe\n", 1)
    assert found(source) == [("lookahead", "warning", 14)]
    assert inspect(source).passed


@pytest.mark.parametrize(
    "line",
    [
        'dataframe["x"] = dataframe["close"].shift(1)',
        'dataframe["x"] = dataframe["close"].rolling(5).max()',
        'dataframe["x"] = dataframe[["open", "close"]].max(axis=1)',
        'dataframe["x"] = dataframe["close"].ffill()',
    ],
)
def test_what_looks_back_is_no_finding(line: str) -> None:
    assert found(GOOD.replace("        return dataframe\n", f"        {line}\n        return dataframe\n", 1)) == []


@pytest.mark.parametrize(
    "text",
    ["", "(" * 5000, "-" * 200_000, "x=" + "9" * 5000, "a" * 300_000, "\ud800", "\0", "x" + "[0]" * 80_000, "\t if:",
     "class A(A): pass\nclass B(A): pass\nclass A(B): pass", "class C: pass\n" * 300],
)  # fmt: skip
def test_no_text_is_too_much(text: str) -> None:
    report = inspect(text)
    assert not report.passed
    assert report.class_name is None


WORDS = [
    "class", "Mine", "(IStrategy)", ":", "def", "populate_indicators", "(", ")", "import", "os", "[-1]", ".shift", "-1",
    "dataframe", "=", '"', "iloc", ".", ",", "lambda", "f'{", "}'", "*", "é", "\n", "    ", "\\", "\x00", "async",
]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)))
def test_it_never_raises(text: str) -> None:
    report = inspect(text)
    assert all(one.line is None or one.line >= 1 for one in report.findings)
    assert all(one.column is None or one.column >= 1 for one in report.findings)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_it_never_raises_on_a_damaged_strategy(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, min(len(GOOD), start + 40)))
    inspect(GOOD[:start] + data.draw(st.text(max_size=10)) + GOOD[end:], data.draw(st.sampled_from([None, "Mine"])))

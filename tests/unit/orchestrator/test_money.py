"""Amounts as they are shown."""

from decimal import Decimal

import pytest

from orchestrator.kit.money import tidy


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("1000.000000000000000000", "1000"),
        ("1E+3", "1000"),
        ("0.500000000000000000", "0.5"),
        ("0.000", "0"),
        ("-2.50", "-2.5"),
        ("1E-18", "0.000000000000000001"),
        ("1E+99", "1" + "0" * 99),
        ("1E+100", "1" + "0" * 100),
        ("-4.9E+209", "-49" + "0" * 208),
        ("1.7976931348623157E+308", "17976931348623157" + "0" * 292),
    ],
)
def test_an_amount_of_any_size_is_shown_without_needless_zeros(value: str, shown: str) -> None:
    assert f"{tidy(Decimal(value)):f}" == shown

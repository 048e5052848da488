"""What a bot can make the agent, and whoever reads after it, write out."""

from decimal import Decimal

import pytest
from pydantic import TypeAdapter, ValidationError

from pool.contract.model import Money

MONEY: TypeAdapter[Decimal] = TypeAdapter(Money)


@pytest.mark.parametrize("told", ["1E+999999999", "-1E+401", "0E+999999999", "1E-999999999", "NaN", "Infinity"])
def test_figures_that_would_fill_the_memory_are_refused(told: str) -> None:
    with pytest.raises(ValidationError, match="decimal"):
        MONEY.validate_python(told)


@pytest.mark.parametrize("told", ["0", "-0.00000001", "1E-18", "123456789012345678901234567890.5", 5e-324, 1.7e308])
def test_whatever_floats_and_exchanges_know_is_taken(told: str | float) -> None:
    assert len(MONEY.dump_json(MONEY.validate_python(told))) < 500

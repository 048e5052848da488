"""What a bot says of itself, and how long it holds."""

from pool.agent import reports
from pool.agent.conditions import conditions
from pool.contract.frames import ConditionFrame
from pool.contract.slots import ConditionType
from tests.unit.agent.builders import LIMITS, beat, up


def test_a_bot_that_runs_on_what_worked_last_says_so_until_it_stands_on_what_is_wanted() -> None:
    failed = ConditionFrame(type=ConditionType.BOOT_FAILED.value, message="It cannot be built.")
    facts = beat(reports.noted(up(), failed), 10)
    assert conditions(facts, LIMITS, 10)[ConditionType.BOOT_FAILED] == "It cannot be built."
    stands = beat(reports.noted(facts, ConditionFrame(type="", message="")), 11)
    assert ConditionType.BOOT_FAILED not in conditions(stands, LIMITS, 11)


def test_what_kept_it_from_running_is_over_when_it_runs() -> None:
    waiting = ConditionFrame(type=ConditionType.EXCHANGE_UNREACHABLE.value, message="It does not answer.")
    assert conditions(beat(reports.noted(up(), waiting), 10), LIMITS, 10) == {}

"""That a bot does without the gateway is told beside whatever else it says."""

from pool.agent import reports
from pool.agent.conditions import conditions
from pool.contract.frames import ConditionFrame
from pool.contract.slots import ConditionType
from tests.unit.agent.builders import LIMITS, beat, up

AWAY = ConditionFrame(type="GatewayUnreachable", message="asks its exchange itself")


def test_it_lasts_while_the_bot_trades_until_it_takes_it_back() -> None:
    facts = beat(reports.noted(up(), AWAY), 10)
    assert conditions(facts, LIMITS, 10) == {ConditionType.GATEWAY_UNREACHABLE: "asks its exchange itself"}
    back = reports.noted(facts, ConditionFrame(type="GatewayUnreachable", message=""))
    assert conditions(back, LIMITS, 11) == {}


def test_it_displaces_no_other_word_of_the_bot() -> None:
    failed = ConditionFrame(type="BootFailed", message="broken")
    for frames in ((failed, AWAY), (AWAY, failed)):
        facts = up()
        for frame in frames:
            facts = reports.noted(facts, frame)
        assert set(conditions(beat(facts, 10), LIMITS, 10)) == {
            ConditionType.BOOT_FAILED,
            ConditionType.GATEWAY_UNREACHABLE,
        }

"""The policy that a bot begins with."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from freqtrade.resolvers import StrategyResolver

from pool.bot.market.kinds import Need, purpose, told_methods
from pool.bot.outbox import Outbox
from pool.bot.universal.candles import Ranges
from pool.bot.universal.hold import Hold
from pool.bot.universal.host import Universal
from pool.bot.universal.standing import Standing
from pool.contract.frames import BotEvent, WatchFrame
from pool.contract.policy import PolicyDocument, PolicyInForce
from pool.contract.risk import Watch
from pool.contract.slots import DesiredState, SlotSpec, StrategySource

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hook() -> Iterator[None]:
    """Taken out again."""
    original = StrategyResolver.load_strategy
    yield
    StrategyResolver.load_strategy = original


def in_force(label: str) -> PolicyInForce:
    return PolicyInForce(label=label, fingerprint=label, document=PolicyDocument())


def spec(policy: PolicyInForce | None) -> SlotSpec:
    return SlotSpec(
        epoch=1,
        generation=1,
        desired=DesiredState.RUNNING,
        exchange="paper",
        config={},
        strategy=StrategySource(class_name="Any", source=""),
        policy=policy,
    )


def begun(directory: Path, slots: PolicyInForce | None) -> tuple[Universal, Outbox]:
    outbox = Outbox()
    universal = Universal(Standing(directory / "HALT"), outbox)
    universal.begin(directory, spec(slots))
    return universal, outbox


def label(universal: Universal) -> str | None:
    return universal.standing.policy.label if universal.standing.policy is not None else None


def test_what_the_agent_wrote_last_counts_else_the_slots(tmp_path: Path) -> None:
    assert label(begun(tmp_path, None)[0]) is None
    assert label(begun(tmp_path, in_force("slot"))[0]) == "slot"
    (tmp_path / "policy.json").write_bytes(in_force("file").to_json())
    assert label(begun(tmp_path, in_force("slot"))[0]) == "file"


@pytest.mark.parametrize(
    "content", ["", "{", '{"label": "x", "fingerprint": "x", "document": {"schema_version": 99, "magic": 1}}']
)
def test_one_that_cannot_be_read_denies_entries_until_another_arrives(tmp_path: Path, content: str) -> None:
    (tmp_path / "policy.json").write_text(content)
    universal, outbox = begun(tmp_path, in_force("slot"))

    assert label(universal) == "slot"
    refused = universal.entries.refusal(NOW)
    assert refused is not None
    assert refused[0] == "policy"
    alerts = [frame for frame in outbox.take() if isinstance(frame, BotEvent)]
    assert [alert.data["kind"] for alert in alerts] == ["policy"]

    universal.standing.take_policy(in_force("sent"))
    universal.heed()
    assert universal.entries.refusal(NOW) is None


def test_candles_that_cannot_be_used_are_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def of(self, pair: str, periods: frozenset[int]) -> dict[int, float]:
            raise KeyError("high")

    universal, outbox = begun(tmp_path, None)
    universal._ranges = cast(Ranges, Broken())
    for _ in range(5):
        assert universal.ranges_of("A/USDT") == {}
        assert universal.ranges_of("B/USDT") == {}
    assert len(caplog.records) == 1
    assert [frame.data["kind"] for frame in outbox.take() if isinstance(frame, BotEvent)] == ["ranges_unknown"]


def test_prices_are_watched_only_for_rules_that_act_at_some_rate(tmp_path: Path) -> None:
    class Holding:
        follows_all = False

        def watches(self) -> list[Watch]:
            return [Watch(trade_id=1, symbol="BTCUSDT", is_short=False, below=Decimal(90))]

        def forget_closed(self) -> None:
            pass

    universal, outbox = begun(tmp_path, in_force("1.0.0"))
    universal.hold = cast(Hold, Holding())
    told = []
    for sections in ({}, {"hard_stop": {"distance": "0.1"}}, {"time_exit": {"after_minutes": 5}}):
        document = PolicyDocument.model_validate(sections)
        universal.standing.take_policy(PolicyInForce(label="", fingerprint="", document=document))
        universal.tell_watches()
        told += [len(frame.watches) for frame in outbox.take() if isinstance(frame, WatchFrame)]
    assert told == [1, 0]


def test_looks_at_trades_for_a_reason_of_their_own_are_urgent_and_one_at_all_is_not(tmp_path: Path) -> None:
    needs: list[Need] = []

    class Client:
        def fetch_order_book(self) -> None:
            needs.append(purpose().need)

    client = type("Client", (Client,), told_methods(Client))()
    universal, _ = begun(tmp_path, None)
    look = client.fetch_order_book
    universal.hold = cast(Hold, SimpleNamespace(look=lambda _: look(), look_overdue=look))
    universal.look({7})
    universal.look()
    universal.look_overdue()
    assert needs == ["urgent", "look", "urgent"], (
        "crossed, all (FreqTrade says more), and an order that rested too long"
    )

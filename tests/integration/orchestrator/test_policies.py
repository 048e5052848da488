"""Versions of policies, and how they reach bots: without a generation, and again where they were lost."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from orchestrator.audit import service as audit
from orchestrator.audit.service import By
from orchestrator.errors import InvalidSpec, NotFound, PreconditionFailed
from orchestrator.policies import service
from orchestrator.policies.book import PolicyBook
from orchestrator.policies.models import PolicyVersionModel
from orchestrator.policies.subjects import GUARDRAILS, Subject, default_of, override_of
from pool.contract.policy import Guardrails, PolicyDocument, PolicyInForce, PolicyOverride
from pool.contract.slots import ObservedState
from tests.fakes.fake_agent import FakeAgent
from tests.integration.orchestrator.rig import OWNER, Rig
from tests.support import eventually

ANN = By("user-ann", "Less risk.")
DEFAULT = default_of(OWNER)


def stop_at(distance: str, **sections: Any) -> PolicyDocument:
    return PolicyDocument.model_validate({"hard_stop": {"distance": distance}, **sections})


async def put(rig: Rig, subject: Subject, content: Any, expected: int | None = None) -> PolicyVersionModel:
    async with rig.database.unit_of_work() as session:
        row = await service.put(session, subject, content, ANN, expected)
    await rig.hint()
    return row


async def read(rig: Rig, book: PolicyBook, *bot_ids: str) -> Mapping[str, PolicyInForce]:
    async with rig.database.read() as session:
        return await book.read(session, [(bot_id, OWNER) for bot_id in bot_ids])


async def acts(session: AsyncSession, subject: str) -> list[str]:
    rows = (await audit.list_(session, limit=100, subject=subject)).items
    return [row.action for row in reversed(rows) if row.action.startswith("policy.")]


async def test_versions_count_up_say_why_and_can_be_brought_back(rig: Rig) -> None:
    first = await put(rig, DEFAULT, stop_at("0.1"), expected=0)
    again = await put(rig, DEFAULT, stop_at("0.100"), expected=1)
    assert (first.version, again.version) == (1, 1), "what says the same makes no version"
    await put(rig, DEFAULT, stop_at("0.05"))
    async with rig.database.unit_of_work() as session:
        third = await service.revert(session, DEFAULT, 1, ANN, 2)
        with pytest.raises(NotFound):
            await service.revert(session, DEFAULT, 9, ANN)
    assert (third.version, third.document, third.reverted_from) == (3, first.document, 1)
    for expected in (0, 2):
        with pytest.raises(PreconditionFailed) as refused:
            await put(rig, DEFAULT, stop_at("0.2"), expected=expected)
        assert refused.value.params["version"] == 3
    async with rig.database.read() as session:
        page = await service.versions(session, DEFAULT, limit=2)
        rest = await service.versions(session, DEFAULT, limit=2, after=page.next)
        (change,) = await service.compare(session, DEFAULT, 1, 2)
        assert await service.compare(session, DEFAULT, 1, 3) == []
        assert await acts(session, audit.user(OWNER)) == [
            "policy.default_put",
            "policy.default_put",
            "policy.default_revert",
        ]
    assert [row.version for row in [*page.items, *rest.items]] == [3, 2, 1]
    assert {(row.actor, row.why) for row in page.items} == {("user-ann", "Less risk.")}
    assert (change.path, change.before, change.after) == ("hard_stop.distance", "0.1", "0.05")


async def test_an_override_ends_as_a_version_without_a_document(rig: Rig) -> None:
    bot = await rig.create()
    place = override_of(OWNER, bot.id)
    async with rig.database.unit_of_work() as session:
        assert await service.drop(session, place, ANN) is None, "there is nothing to end"
    await put(rig, place, PolicyOverride.model_validate({"time_exit": None}))
    for _ in range(2):
        async with rig.database.unit_of_work() as session:
            ended = await service.drop(session, place, ANN)
        assert ended is not None
        assert (ended.version, ended.document) == (2, None)
    async with rig.database.read() as session:
        assert await acts(session, audit.bot(bot.id)) == ["policy.override_put", "policy.override_delete"]
    async with rig.database.unit_of_work() as session:
        back = await service.revert(session, place, 1, ANN)
    assert back.document == {"schema_version": 1, "time_exit": None}


async def test_guardrails_refuse_what_is_new_and_bind_what_is_there(rig: Rig) -> None:
    bot = await rig.create()
    await put(rig, DEFAULT, stop_at("0.3"))
    await put(rig, GUARDRAILS, Guardrails.model_validate({"hard_stop_at_most": "0.1"}))
    with pytest.raises(InvalidSpec) as refused:
        await put(rig, DEFAULT, stop_at("0.2"))
    assert refused.value.params["field"] == "hard_stop.distance"
    assert refused.value.params["errors"][0]["message"].startswith("must be at most 0.1")
    with pytest.raises(InvalidSpec):
        await put(rig, override_of(OWNER, bot.id), PolicyOverride.model_validate({"hard_stop": None}))
    async with rig.database.unit_of_work() as session:
        with pytest.raises(InvalidSpec):
            await service.revert(session, DEFAULT, 1, ANN)
    told = (await read(rig, PolicyBook(), bot.id))[bot.id]
    assert told.label == "1.0.1"
    assert told.document.hard_stop is not None
    assert str(told.document.hard_stop.distance) == "0.1"


async def test_the_book_reads_only_what_is_new(rig: Rig) -> None:
    one, two = await rig.create("one"), await rig.create("two")
    book = PolicyBook()
    assert await read(rig, book, one.id, two.id) == {}, "nobody wrote a policy"
    await put(rig, DEFAULT, stop_at("0.1"))
    first = await read(rig, book, one.id, two.id)
    assert first[one.id] is first[two.id]
    assert (await read(rig, book, one.id))[one.id] is first[one.id]
    await put(rig, override_of(OWNER, two.id), PolicyOverride.model_validate({"hard_stop": None}))
    after = await read(rig, book, one.id, two.id)
    assert (after[one.id], after[two.id].label) == (first[one.id], "1.1.0")
    assert after[two.id].document.hard_stop is None


async def test_what_cannot_be_read_leaves_its_bots_with_what_they_have(rig: Rig) -> None:
    bot = await rig.create()
    await put(rig, DEFAULT, stop_at("0.1"))
    async with rig.database.unit_of_work() as session:
        (row,) = (await service.versions(session, DEFAULT, limit=1)).items
        row.document = {"schema_version": 99}
        session.add(row)
    book = PolicyBook()
    assert await read(rig, book, bot.id) == {}
    assert book.unreadable == {bot.id}


async def test_guardrails_that_cannot_be_read_demand_everything_and_can_be_replaced(rig: Rig) -> None:
    await put(rig, GUARDRAILS, Guardrails.model_validate({"daily_loss_at_most": "0.1"}))
    async with rig.database.unit_of_work() as session:
        (row,) = (await service.versions(session, GUARDRAILS, limit=1)).items
        row.document = {"moon_phase_at_most": "0.5"}
        session.add(row)
    async with rig.database.read() as session:
        assert await service.demanded_losses(session) == {"daily", "weekly", "drawdown"}
    await put(rig, GUARDRAILS, Guardrails.model_validate({"weekly_loss_at_most": "0.1"}))
    async with rig.database.read() as session:
        assert await service.demanded_losses(session) == {"weekly"}


async def test_a_bot_is_not_told_to_keep_nothing_where_its_policy_cannot_be_read(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    await put(rig, DEFAULT, stop_at("0.1"))
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: _keeps(agent, bot.id, "1.0.0"))
        async with rig.database.unit_of_work() as session:
            (row,) = (await service.versions(session, DEFAULT, limit=1)).items
            session.add(
                PolicyVersionModel(
                    subject=row.subject, version=2, kind=row.kind, owner_id=row.owner_id, actor="user-ann", at=row.at,
                    document={"schema_version": 99},
                )
            )  # fmt: skip
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 5)
    assert agent.policies == []
    assert agent.slots[bot.id].policy is not None


async def test_a_changed_document_reaches_a_bot_without_a_generation(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    await put(rig, DEFAULT, stop_at("0.2"))
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: _keeps(agent, bot.id, "1.0.0"))
        assert agent.specs[bot.id].policy is not None, "it starts with what it shall keep"
        assert agent.policies == [], "and need not be told again"
        await put(rig, DEFAULT, stop_at("0.1"))
        await eventually(lambda: _keeps(agent, bot.id, "2.0.0"))
        await put(rig, override_of(OWNER, bot.id), PolicyOverride.model_validate({"hard_stop": None}))
        await eventually(lambda: _keeps(agent, bot.id, "2.1.0"))
        await put(rig, GUARDRAILS, Guardrails.model_validate({"hard_stop_at_most": "0.05"}))
        await eventually(lambda: _keeps(agent, bot.id, "2.1.1"))
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 5)
    assert [policy.label for _, policy in agent.policies] == ["2.0.0", "2.1.0", "2.1.1"], "each is told once"
    assert len(agent.puts) == 1
    assert (await rig.row(bot.id)).generation == 1


async def test_an_agent_that_lost_it_is_told_again(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.reconcile.policies.PATIENCE_SECONDS", 0.2)
    agent = FakeAgent()
    await rig.add_pool(agent)
    await put(rig, DEFAULT, stop_at("0.2"))
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: _keeps(agent, bot.id, "1.0.0"))
        for lost in (None, "f" * 64):
            told = len(agent.policies)
            agent.slots[bot.id] = agent.slots[bot.id].model_copy(update={"policy": lost})
            await eventually(lambda told=told: len(agent.policies) > told and _keeps(agent, bot.id, "1.0.0"))


async def test_one_that_keeps_what_nobody_wrote_is_told_to_keep_nothing(rig: Rig) -> None:
    agent = FakeAgent()
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: bot.id in agent.slots)
        listings = agent.calls.count(("GET", "/v1/slots"))
        await eventually(lambda: agent.calls.count(("GET", "/v1/slots")) > listings + 3)
        assert agent.policies == []
        agent.slots[bot.id] = agent.slots[bot.id].model_copy(update={"policy": "f" * 64})
        await eventually(lambda: [policy.label for _, policy in agent.policies] == ["0.0.0"])
    assert agent.policies[0][1].document == PolicyDocument()


async def test_a_pool_that_does_not_know_policies_is_asked_again_later(rig: Rig) -> None:
    agent = FakeAgent()
    agent.outdated = True
    await rig.add_pool(agent)
    async with rig.running():
        bot = await rig.create()
        await eventually(lambda: bot.id in agent.slots)
        await put(rig, DEFAULT, stop_at("0.2"))
        await eventually(lambda: ("PUT", f"/v1/slots/{bot.id}/policy") in agent.calls)
        assert agent.slots[bot.id].observed_state is ObservedState.RUNNING
        agent.outdated = False
        await eventually(lambda: _keeps(agent, bot.id, "1.0.0"))


def _keeps(agent: FakeAgent, bot_id: str, label: str) -> bool:
    """Its agent was told the policy of this label, and its bot says that it keeps it."""
    spec = agent.specs.get(bot_id)
    told = [policy for told_to, policy in agent.policies if told_to == bot_id]
    if spec is not None and spec.policy is not None:
        told.insert(0, spec.policy)
    return bool(told) and told[-1].label == label and agent.slots[bot_id].policy == told[-1].fingerprint

"""A bot that uses more than it may is ended, said so, and quarantined if it goes on; its sibling trades on."""

from collections.abc import Iterator

import pytest

from tests.fakes.pool_rig import PoolRig, running

MIB = 2**20


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PoolRig]:
    directory = tmp_path_factory.mktemp("limits") / "pool"
    limits = {"bot_memory_limit_bytes": 96 * MIB, "bot_disk_limit_bytes": 4 * MIB}
    with running(directory, **limits, sample_interval_seconds=0.5, quarantine_window_seconds=60) as rig:
        rig.put("sibling")
        rig.until_state("sibling", "running")
        yield rig


@pytest.mark.parametrize(
    ("kind", "misbehaviour", "word"),
    [
        ("MemoryExceeded", {"memory_bytes": 160 * MIB}, "memory"),
        ("DiskExceeded", {"disk_bytes": 8 * MIB}, "directory"),
        ("DiskExceeded", {"removed_bytes": 8 * MIB}, "removed"),
    ],
)
def test_a_bot_that_exceeds_is_ended_and_in_the_end_quarantined(
    pool: PoolRig, kind: str, misbehaviour: dict[str, int], word: str
) -> None:
    before = pool.until_state("sibling", "running")
    bot_id = f"{kind}-{word}".lower()
    pool.put(bot_id, fake=misbehaviour)
    ended = pool.until(bot_id, lambda slot: slot["last_exit"] is not None)
    assert ended["last_exit"]["signal"] == 9
    assert word in ended["last_exit"]["reason"]
    slot = pool.until_state(bot_id, "quarantined")
    assert {condition["type"] for condition in slot["conditions"]} == {"Quarantined", kind}
    assert pool.until_state("sibling", "running")["run_id"] == before["run_id"]
    pool.put(bot_id, generation=2)
    pool.call("DELETE", f"/v1/slots/{bot_id}?epoch=1")

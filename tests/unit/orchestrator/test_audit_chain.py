"""The audit's chains: whatever is done to them behind the ledger's back is found, and where it was done first."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.audit.chain import GENESIS, REGISTER, Entry, Head, Register, digest
from orchestrator.audit.elsewhere import verify_spooled
from orchestrator.audit.seal import Anchor, SealKey
from orchestrator.audit.spool import Spool
from orchestrator.audit.verify import Chain

KEY = SealKey.of("k" * 40)
COLUMNS = ("number", "at", "actor", "action", "subject", "why", "before", "after", "prev_hash", "hash")
texts = st.text(max_size=12)
jsons = st.none() | st.builds(lambda value: f'{{"a": {value}}}', st.integers())


@st.composite
def chains(draw: st.DrawFn, least: int = 1) -> tuple[list[Entry], Head]:
    entries: list[Entry] = []
    hash_ = GENESIS
    for place in range(1, draw(st.integers(least, 6)) + 1):
        entry = Entry(
            tenant_id="user-ann",
            sequence=place,
            number=10 * place,
            at=f"2026-11-21T12:00:{place:02}.000000+00:00",
            actor=draw(texts),
            action=draw(texts),
            subject=draw(texts),
            why=draw(texts),
            before=draw(jsons),
            after=draw(jsons),
            prev_hash=hash_,
        )
        hash_ = digest(entry)
        entries.append(replace(entry, hash=hash_))
    return entries, KEY.seal(Head("user-ann", len(entries), hash_))


def verified(entries: list[Entry], head: Head, key: SealKey | None = KEY) -> Chain:
    (chain,) = spooled(entries, [head], key, head.tenant_id)
    return chain


def spooled(entries: list[Entry], heads: list[Head], key: SealKey | None, tenant: str | None = None) -> list[Chain]:
    with Spool() as spool:
        for entry in entries:
            spool.add(entry)
        return verify_spooled(spool, {head.tenant_id: head for head in heads}, key, tenant)


def broken_at(entries: list[Entry], head: Head) -> int:
    problem = verified(entries, head).problem
    assert problem is not None
    return problem.sequence


@given(chains(), st.randoms())
def test_a_chain_that_nobody_touched_is_whole_in_whatever_order_it_is_read(
    made: tuple[list[Entry], Head], dice: Random
) -> None:
    entries, head = made
    dice.shuffle(entries)
    chain = verified(entries, head)
    assert (chain.whole, chain.rows, chain.hash, chain.anchor) == (True, head.count, head.hash, Anchor.SEALED)


@given(chains(), st.data())
def test_one_changed_character_of_any_column_is_found_where_it_is(
    made: tuple[list[Entry], Head], data: st.DataObject
) -> None:
    entries, head = made
    place = data.draw(st.integers(0, len(entries) - 1))
    name = data.draw(st.sampled_from(COLUMNS))
    was = getattr(entries[place], name)
    now = was + 1 if name == "number" else f"{was or ''}x"
    entries[place] = replace(entries[place], **{name: now})
    assert broken_at(entries, head) == place + 1


@given(chains(), st.data())
def test_a_removed_row_is_found_and_so_is_the_last(made: tuple[list[Entry], Head], data: st.DataObject) -> None:
    entries, head = made
    place = data.draw(st.integers(0, len(entries) - 1))
    del entries[place]
    assert broken_at(entries, head) == place + 1


@given(chains(2), st.data())
def test_rows_that_changed_places_are_found(made: tuple[list[Entry], Head], data: st.DataObject) -> None:
    entries, head = made
    first, second = sorted(data.draw(st.sets(st.integers(0, len(entries) - 1), min_size=2, max_size=2)))
    one, two = entries[first], entries[second]
    entries[first] = replace(two, sequence=one.sequence)
    entries[second] = replace(one, sequence=two.sequence)
    assert broken_at(entries, head) == first + 1


@given(chains(), st.data())
def test_an_added_row_is_found_however_well_it_was_made(made: tuple[list[Entry], Head], data: st.DataObject) -> None:
    """Its own hash is right, and those behind it have moved on by one; the head has not."""
    entries, head = made
    place = data.draw(st.integers(0, len(entries)))
    before = GENESIS if place == 0 else entries[place - 1].hash
    added = replace(entries[0], sequence=place + 1, number=999, prev_hash=before)
    added = replace(added, hash=digest(added))
    moved = [replace(entry, sequence=entry.sequence + 1) for entry in entries[place:]]
    assert broken_at([*entries[:place], added, *moved], head) in (place + 1, place + 2)
    twice = replace(entries[0], number=999)
    assert broken_at([*entries, twice], head) == 1


@given(chains())
def test_a_chain_written_anew_does_without_the_key_and_is_found_with_it(made: tuple[list[Entry], Head]) -> None:
    entries, head = made
    forged = replace(entries[-1], why="Nothing of the kind.")
    forged = replace(forged, hash=digest(forged))
    known = replace(head, hash=forged.hash)
    assert verified([*entries[:-1], forged], known, None).whole, "hashes alone anybody can compute"
    told = verified([*entries[:-1], forged], known)
    assert (told.anchor, told.whole) == (Anchor.BROKEN, False)
    for anchor, unsure in (
        (Anchor.UNSEALED, replace(head, mac=None, key_id=None)),
        (Anchor.OTHER_KEY, SealKey.of("other" * 10).seal(head)),
    ):
        told = verified(entries, unsure)
        assert (told.anchor, told.whole) == (anchor, False), "a seal that was taken off or replaced vouches for nothing"
        assert verified(entries, unsure, None).whole


@given(chains(2), st.data())
def test_what_is_gone_with_a_head_that_fits_is_found_by_the_register(
    made: tuple[list[Entry], Head], data: st.DataObject
) -> None:
    entries, head = made
    register = Register()
    for entry in entries:
        register.take(entry.hash)
    sealed = KEY.seal(Head(REGISTER, register.rows, register.hash))
    assert [chain.whole for chain in spooled(entries, [head, sealed], KEY)] == [True, True]
    kept = data.draw(st.integers(0, len(entries) - 1))
    of_then = [KEY.seal(Head(head.tenant_id, kept, entries[kept - 1].hash))] if kept else []
    told = {chain.tenant_id: chain for chain in spooled(entries[:kept], [*of_then, sealed], KEY)}
    assert all(chain.whole for name, chain in told.items() if name != REGISTER), "the head of then fits"
    problem = told[REGISTER].problem
    assert problem is not None
    assert f"{len(entries)} were written in all, {kept} are there" in problem.message
    assert not all(chain.whole for chain in spooled(entries, [head], KEY)), "nor may its own head be gone"

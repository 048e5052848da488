"""What the Redis bus does inside Redis, atomically, and how its answers are read.

Keys, all under the prefix of the installation:

- `bus`, a hash: `incarnation` names this set of data; `counter` is the number of the newest message of all topics;
  `last:<topic>` and `size:<topic>` are a topic's newest number and its bytes. It is one key, so that it is lost as a
  whole or not at all.
- `topic:<topic>`, a stream: entry `<number>-0` holds `p`, the number of the topic's message before, `k`, the kind, and
  `b`, the body. So a reader sees what it missed. An entry without kind says that messages before it were dropped.
- `from:<publisher>`, a hash of a process that publishes: `batch`, the number of its last batch, and `first`, the number
  of that batch's first message. A batch that is sent again is not appended again. A batch that was confirmed and is not
  known any more tells that Redis lost what it had taken: that makes a new incarnation. `known` is the one in which it
  was confirmed.

Numbers begin at the microseconds of the clock and grow by one, so that a new incarnation goes on above the one before;
`floor` is the greatest number that the caller has seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_KNOWN = """
local bus, from, prefix = KEYS[1], KEYS[2], ARGV[1]
local fresh, floor, known, confirmed = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local function text(number) return string.format('%.0f', number) end
local incarnation = redis.call('HGET', bus, 'incarnation')
local counter = tonumber(redis.call('HGET', bus, 'counter') or '0')
"""
_ANEW = """
  local time = redis.call('TIME')
  incarnation = fresh
  counter = math.max(tonumber(time[1]) * 1000000 + tonumber(time[2]), floor, counter) + 1
  redis.call('DEL', bus)
  redis.call('HSET', bus, 'incarnation', incarnation, 'counter', text(counter))
  redis.call('EXPIRE', bus, 2592000)
"""
_OPEN = (
    _KNOWN
    + """
local sent = tonumber(redis.call('HGET', from, 'batch') or '0')
if not incarnation or counter < floor or (incarnation == known and sent < confirmed) then
"""
    + _ANEW
    + "end"
)

PUBLISH = (
    _OPEN
    + """
local batch, messages, bytes, topic_seconds = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8]), ARGV[9]
if sent >= batch then return {incarnation, redis.call('HGET', from, 'first')} end
local answer = {incarnation, text(counter + 1)}
for at = 11, #ARGV, 3 do
  local topic, kind, body = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local stream, size = prefix .. 'topic:' .. topic, #body
  local before = redis.call('HGET', bus, 'last:' .. topic)
  if not before then
    redis.call('DEL', stream)
    before = '0'
  end
  counter = counter + 1
  if kind == '' then before = text(counter - 1) end
  redis.call('XADD', stream, text(counter) .. '-0', 'p', before, 'k', kind, 'b', body)
  local length = redis.call('XLEN', stream)
  if length > 1 then size = size + tonumber(redis.call('HGET', bus, 'size:' .. topic) or '0') end
  while length > 1 and (length > messages or size > bytes) do
    local oldest = redis.call('XRANGE', stream, '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', stream, oldest[1])
    length, size = length - 1, size - #oldest[2][6]
  end
  redis.call('HSET', bus, 'counter', text(counter), 'last:' .. topic, text(counter), 'size:' .. topic, text(size))
  redis.call('EXPIRE', stream, topic_seconds)
  answer[#answer + 1] = before
end
redis.call('HSET', from, 'batch', text(batch), 'first', answer[2])
redis.call('EXPIRE', from, ARGV[10])
redis.call('EXPIRE', bus, 2592000)
return answer
"""
)
"""KEYS bus, from; ARGV prefix, fresh, floor, known, confirmed, batch, messages, bytes, seconds of a topic and of
`from`, then topic, kind and body of each message. Answers incarnation, number of the first message, and each one's `p`,
which are left out where the batch was appended before."""

LOOK = (
    _OPEN
    + """
local topic, after = ARGV[6], ARGV[7]
local last = redis.call('HGET', bus, 'last:' .. topic) or '0'
local entries = {}
if after ~= '' then entries = redis.call('XRANGE', prefix .. 'topic:' .. topic, '(' .. after .. '-0', '+') end
return {incarnation, text(counter), last, entries}
"""
)
"""KEYS bus, from; ARGV prefix, fresh, floor, known, confirmed, topic, after. Answers incarnation, counter, the topic's
newest number or 0, and the entries after `after` where it is given."""

BEGIN_ANEW = _KNOWN + _ANEW + "return {incarnation, text(counter)}"
"""KEYS bus, from; ARGV prefix, fresh, floor, known, confirmed. Makes a new incarnation; answers it and the counter."""


@dataclass(frozen=True, slots=True)
class StreamEntry:
    """One entry of a topic. `kind` is empty where it only tells that messages were dropped."""

    number: int
    previous: int
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Published:
    """A batch is in Redis. `previous` is empty where it had been before."""

    incarnation: str
    first: int
    previous: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """Where a topic stands."""

    incarnation: str
    counter: int
    last: int
    """Number of the topic's newest message; 0 where the incarnation knows of none."""
    entries: tuple[StreamEntry, ...]

    @property
    def newest(self) -> int:
        """What a subscription from now on starts after."""
        return self.last or self.counter

    def remembers(self, after: int) -> bool:
        """Whether `entries`, which may begin earlier, hold all that followed `after`."""
        if after > self.counter:
            return False
        for entry in self.entries:
            if entry.number <= after:
                continue
            if entry.previous > after or not entry.kind:
                return False
            after = entry.number
        return after >= self.last


def read_published(answer: Sequence[Any]) -> Published:
    """Of the answer to `PUBLISH`."""
    return Published(answer[0].decode(), int(answer[1]), tuple(int(number) for number in answer[2:]))


def read_looked(answer: Sequence[Any]) -> Looked:
    """Of the answer to `LOOK`."""
    entries = tuple(
        read_entry(identity, dict(zip(fields[::2], fields[1::2], strict=True))) for identity, fields in answer[3]
    )
    return Looked(answer[0].decode(), int(answer[1]), int(answer[2]), entries)


def read_entry(identity: bytes, fields: Mapping[bytes, bytes]) -> StreamEntry:
    """Of an entry of a stream. One that this version cannot read counts as a gap."""
    number = int(identity.partition(b"-")[0])
    try:
        return StreamEntry(number, int(fields[b"p"]), fields[b"k"].decode(), fields[b"b"])
    except (KeyError, ValueError):
        return StreamEntry(number, number, "", b"")

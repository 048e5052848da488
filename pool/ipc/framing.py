"""Length-prefixed JSON frames on a stream socket: 4 bytes, big-endian, then that many bytes of one JSON object."""

import asyncio
import socket
import struct

MAX_FRAME_BYTES = 4 * 1024 * 1024
_HEADER = struct.Struct(">I")


class FrameError(ValueError):
    """The peer does not speak the framing: close the connection."""


def pack(payload: bytes) -> bytes:
    """A frame. Raises FrameError for a payload over MAX_FRAME_BYTES."""
    if len(payload) > MAX_FRAME_BYTES:
        raise FrameError(f"frame of {len(payload)} bytes is over the limit of {MAX_FRAME_BYTES}")
    return _HEADER.pack(len(payload)) + payload


async def read_frame(reader: asyncio.StreamReader, most_bytes: int = MAX_FRAME_BYTES) -> bytes:
    """The next payload. Raises EOFError (asyncio.IncompleteReadError) at the end, FrameError when the peer errs."""
    return await reader.readexactly(_checked_length(await reader.readexactly(_HEADER.size), most_bytes))


def receive_frame(connection: socket.socket) -> bytes:
    """The same for a blocking socket."""
    return _receive_exactly(connection, _checked_length(_receive_exactly(connection, _HEADER.size)))


def _checked_length(header: bytes, most_bytes: int = MAX_FRAME_BYTES) -> int:
    length: int = _HEADER.unpack(header)[0]
    if length > most_bytes:
        raise FrameError(f"peer announced {length} bytes, the limit is {most_bytes}")
    return length


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    chunks: list[bytes] = []
    while size:
        chunk = connection.recv(min(size, 65536))
        if not chunk:
            raise EOFError("peer closed the connection")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)

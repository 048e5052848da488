"""Init's end of a control channel: one JSON frame a packet on a non-blocking `SOCK_SEQPACKET` socket.

What the peer does not take at once waits in a queue; init never blocks on a child.
"""

import socket
from collections import deque

from pool.contract.model import Wire

MAX_PACKET_BYTES = 192 * 1024
"""Under the kernel's default send buffer of 208 KiB, which a packet must fit into."""
_MAX_WAITING = 10_000


class Channel:
    """A socket pair of which the child gets `child_end` and init keeps the other end."""

    def __init__(self) -> None:
        self._socket, self.child_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        self._waiting: deque[bytes] = deque()
        self._given_up = False

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        return bool(self._waiting)

    def send(self, frame: Wire) -> None:
        """Sends or queues a frame, secrets included: the peer is init's own child."""
        self._waiting.append(frame.to_json(reveal_secrets=True))
        if len(self._waiting) > _MAX_WAITING:
            self._waiting.clear()
            self._given_up = True
        self.flush()

    def flush(self) -> None:
        """Sends what waits, as far as the peer takes it; a peer that has gone is noticed when reading."""
        while self._waiting:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                return
            except OSError:
                self._waiting.clear()
                return
            self._waiting.popleft()

    def receive(self) -> tuple[list[bytes], bool]:
        """All packets at hand, and whether the peer is still there and reads what it is sent."""
        packets: list[bytes] = []
        while True:
            try:
                packet = self._socket.recv(MAX_PACKET_BYTES)
            except BlockingIOError:
                return packets, not self._given_up
            except OSError:
                return packets, False
            if not packet:
                return packets, False
            packets.append(packet)

    def close(self) -> None:
        self._socket.close()
        self.child_end.close()

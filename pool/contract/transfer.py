"""A bot's directory on its way from one pool to another: `GET` and `PUT /v1/slots/{bot_id}/directory?epoch=N`.

The body is a tar stream of regular files and directories. What is one pool's own (lock, epoch, sockets) is not in it.
"""

from pool.contract.model import Wire

DIGEST_HEADER = "X-Flotilla-Digest"
"""On both bodies: the digest that `DirectoryReport` has."""


class DirectoryReport(Wire):
    """What an agent keeps of a directory that it was sent."""

    epoch: int
    """The fencing epoch that it is marked with."""
    files: int
    size_bytes: int
    digest: str
    """SHA-256, hexadecimal, over the path, the size and the SHA-256 of every file, in the order of the paths."""

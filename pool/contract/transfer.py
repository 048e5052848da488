"""A bot's directory on its way from one pool to another: `GET` and `PUT /v1/slots/{bot_id}/directory?epoch=N`.

The body is a tar stream of regular files and directories. What is one pool's own (lock, epoch, sockets) is not in it.
A parcel is the same body in a file, `<bot_id>.parcel`, after a line of JSON (`ParcelHeader`): for a way from one home
to another, which no agent spans. `pool.packing` writes them.
"""

from typing import Literal

from pool.contract.model import BotId, Wire

DIGEST_HEADER = "X-Flotilla-Digest"
"""On both bodies: the digest that `DirectoryReport` has."""
PARCEL_SUFFIX = ".parcel"
PARCEL_HEADER_LIMIT = 4096
"""Bytes of a parcel's first line, its end included."""


class DirectoryReport(Wire):
    """What an agent keeps of a directory that it was sent."""

    epoch: int
    """The fencing epoch that it is marked with."""
    files: int
    size_bytes: int
    digest: str
    """SHA-256, hexadecimal, over the path, the size and the SHA-256 of every file, in the order of the paths."""


class ParcelHeader(Wire):
    """The first line of a parcel."""

    flotilla_parcel: Literal[1] = 1
    """Version of the format."""
    bot_id: BotId
    epoch: int
    """What the directory that it was packed from is fenced with: it is to be used only under a higher one."""
    files: int
    size_bytes: int
    digest: str
    """As `DirectoryReport.digest`."""

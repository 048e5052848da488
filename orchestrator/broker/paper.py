"""What the paper exchange is as a container. Its ledger is in its volume; it reaches nobody outside."""

import secrets

from orchestrator.broker.archives import File
from orchestrator.broker.companions import Kind, Start
from orchestrator.broker.contract import PAPER_ALIAS, PAPER_PORT, PaperSpec

PAPER = Kind(
    role=PAPER_ALIAS,
    title="paper exchange",
    module="pool.exchange.simulator",
    port=PAPER_PORT,
    uid=10_001,
    memory_bytes=1024 * 2**20,
    processes=128,
    egress=False,
    renewed=False,
)
_REMOTE_ACCOUNTS = "FLOTILLA_PAPER_REMOTE_ACCOUNTS"
"""Whoever knows the token opens accounts there, from the host."""


def paper_start(spec: PaperSpec) -> Start:
    """A token that it makes itself stays as it is."""
    given = spec.control_token
    token = secrets.token_urlsafe(32) if given is None else given.get_secret_value()
    return Start(
        spec.image,
        ("--symbols", str(spec.symbols)),
        [File("control-token", token.encode(), 0o600, PAPER.uid, PAPER.uid, once=given is None)],
        {} if given is None else {_REMOTE_ACCOUNTS: "1"},
    )

"""Clients of plain HTTP: no authorities are read, nothing is searched for at each request, TLS is refused."""

import ssl
import sys

import pytest

from orchestrator.kit.plain_http import TRUST_NOBODY
from orchestrator.pools.client import AgentClient
from tests.fakes.fake_agent import FakeAgent


def test_nobody_is_trusted() -> None:
    assert TRUST_NOBODY.get_ca_certs() == []
    assert (TRUST_NOBODY.verify_mode, TRUST_NOBODY.check_hostname) == (ssl.CERT_REQUIRED, True)


async def test_a_request_searches_no_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []

    class Noting:
        def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
            searched.append(name)

    async with FakeAgent() as agent:
        assert agent.endpoint is not None
        client = AgentClient("pool-a", agent.endpoint)
        await client.health()
        monkeypatch.setattr(sys, "meta_path", [Noting(), *sys.meta_path])
        await client.health()
        await client.aclose()
    assert searched == []

"""A real redis-server on a loopback port of its own, that tests may kill, freeze and start again."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from pydantic import SecretStr
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tests.support import eventually, free_port

PASSWORD = "a p@ss:word/of-the-test"
_QUOTED = "a%20p%40ss%3Aword%2Fof-the-test"


class RedisServer:
    """`persistent` keeps an append-only file; without it a restart begins empty."""

    def __init__(self, directory: Path, *, persistent: bool = False) -> None:
        self.directory = directory
        self.persistent = persistent
        self.port = free_port()
        self.url = SecretStr(f"redis://:{_QUOTED}@127.0.0.1:{self.port}/0")
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self) -> None:
        """Starts it without waiting until it answers."""
        configuration = self.directory / "redis.conf"
        configuration.write_text(
            f'bind 127.0.0.1\nport {self.port}\ndir {self.directory}\nsave ""\n'
            f'requirepass "{PASSWORD}"\nlogfile {self.directory / "redis.log"}\n'
            f"appendonly {'yes' if self.persistent else 'no'}\nappendfsync always\nmaxmemory-policy noeviction\n"
        )
        self._process = subprocess.Popen(["redis-server", str(configuration)])

    async def start(self) -> None:
        self.spawn()
        await eventually(self.answers, message="redis-server answers")

    def kill(self) -> None:
        """kill -9, and waits until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    async def stop(self) -> None:
        """In good order."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            await asyncio.to_thread(process.wait)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """It holds its connections and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    @contextlib.contextmanager
    def full(self) -> Iterator[None]:
        """It takes nothing more meanwhile."""
        with BlockingRedis(port=self.port, password=PASSWORD, socket_timeout=30, protocol=2) as client:
            client.config_set("maxmemory", "1")
            try:
                yield
            finally:
                client.config_set("maxmemory", "0")

    async def answers(self) -> bool:
        async with self.client() as client:
            try:
                return bool(await client.ping())
            except (RedisError, OSError):
                return False

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator["Redis"]:
        """A client of its own, for looking into it."""
        client = Redis(port=self.port, password=PASSWORD, socket_timeout=30, protocol=2)
        try:
            yield client
        finally:
            await client.aclose()


@contextlib.asynccontextmanager
async def redis_server(directory: Path, *, persistent: bool = False) -> AsyncIterator[RedisServer]:
    """A running one, ended with the block."""
    server = RedisServer(directory, persistent=persistent)
    await server.start()
    try:
        yield server
    finally:
        server.kill()

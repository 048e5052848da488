"""A wire to a server on loopback, that tests may cut: connections stay, and nothing arrives any more, as when a cable
is pulled or a firewall drops packets. What was under way arrives when it is mended, as TCP has it, and so does the end
of a connection that either side gave up meanwhile."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator


class Wire:
    """Forwards between `port` and `target`, both on loopback, in a thread of its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._joining: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    def through(self, url: str) -> str:
        """The URL of the target, by way of this wire."""
        return url.replace(f":{self.target}/", f":{self.port}/")

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @contextlib.contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing arrives on either side meanwhile; who connects is answered nothing."""
        self._set(whole=False)
        try:
            yield
        finally:
            self._set(whole=True)

    def _set(self, *, whole: bool) -> None:
        async def apply() -> None:
            (self._whole.set if whole else self._whole.clear)()

        asyncio.run_coroutine_threadsafe(apply(), self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._joining:
            task.cancel()
        await asyncio.gather(*self._joining, return_exceptions=True)

    async def _join(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._joining.add(task)
        far_out: asyncio.StreamWriter | None = None
        try:
            await self._whole.wait()
            far_in, far_out = await asyncio.open_connection("127.0.0.1", self.target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(near_in, far_out))
                group.create_task(self._carry(far_in, near_out))
        except (OSError, asyncio.CancelledError):
            pass  # the target is not there, or the test is over
        finally:
            for writer in (near_out, far_out):
                if writer is not None:
                    writer.close()
            self._joining.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        await self._whole.wait()
        writer.close()


@contextlib.contextmanager
def wire(target: int) -> Iterator[Wire]:
    """A whole one, gone at the end."""
    made = Wire(target)
    made.start()
    try:
        yield made
    finally:
        made.stop()

"""Stands where the market-data gateway does: `python -m tests.fakes.fake_gateway --directory DIR --host H --port P`,
with `--paper-url URL` and `--release R` or without. Its state is what `DIR/state.json` holds; 503 without it."""

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from pool.contract.market import INCARNATION_HEADER, settings_in

_HEADERS = {INCARNATION_HEADER: "fake"}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--directory", "--host", "--port", "--paper-url", "--release"):
        parser.add_argument(name)
    options = parser.parse_args()
    directory = Path(options.directory)

    async def ping(_: web.Request) -> web.Response:
        told = {"paper_url": options.paper_url, "settings": settings_in(os.environ)}
        return web.json_response(told, headers=_HEADERS)

    async def state(_: web.Request) -> web.Response:
        try:
            return web.json_response(text=(directory / "state.json").read_text(), headers=_HEADERS)
        except OSError:
            return web.Response(status=503, headers=_HEADERS)

    async def listening(_: web.Application) -> None:
        told = {
            "url": f"http://{options.host}:{options.port}",
            "pid": os.getpid(),
            "started_at": datetime.now(UTC).isoformat(),
        }
        draft = directory / "endpoint.json.new"
        draft.write_text(json.dumps(told))
        draft.replace(directory / "endpoint.json")

    app = web.Application()
    app.router.add_get("/v1/ping", ping)
    app.router.add_get("/v1/state", state)
    app.on_startup.append(listening)
    web.run_app(app, host=options.host, port=int(options.port), print=None)


if __name__ == "__main__":
    main()

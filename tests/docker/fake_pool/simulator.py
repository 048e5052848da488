"""Stands where the modules of the paper exchange and of the gateway do: keeps a file in its directory, says what
it was told, and listens where it is told."""

import argparse
import os
import signal
import socketserver
from pathlib import Path

parser = argparse.ArgumentParser()
for name in ("--directory", "--host", "--port", "--symbols", "--paper-url"):
    parser.add_argument(name)
options = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
directory = Path(options.directory)
directory.chmod(0o700)
(directory / "kept").touch()
print("told", options.paper_url, flush=True)
socketserver.ThreadingTCPServer((options.host, int(options.port)), socketserver.BaseRequestHandler).serve_forever()

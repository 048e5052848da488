"""HTTP without TLS, to what is ours: agents, gateway, paper exchange."""

import ssl
import sys
from importlib.util import find_spec

TRUST_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""`verify` of clients whose URLs are all `http://`. Left to itself httpx reads all authorities of the world anew for
each client, some 15 ms and a megabyte. An `https://` URL would be refused."""

if find_spec("sniffio") is None:
    sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # as Python itself says that there is none
    # httpcore asks for it some ten times a request, and each time all of the path would be searched

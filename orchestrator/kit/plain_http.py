"""HTTP without TLS, to what is ours: agents, gateway, paper exchange."""

import ssl

TRUST_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""`verify` of clients whose URLs are all `http://`. Left to itself httpx reads all authorities of the world anew for
each client, some 15 ms and a megabyte. An `https://` URL would be refused."""

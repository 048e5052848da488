"""Identifiers: a prefix that names the kind and 80 random bits in lower-case base32."""

import base64
import secrets


def new_id(prefix: str) -> str:
    """For example `bot-k3v2q7d5mwxz4tha`."""
    return f"{prefix}-{base64.b32encode(secrets.token_bytes(10)).decode().lower()}"

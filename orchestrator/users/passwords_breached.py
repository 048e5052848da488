"""Looks a password up in a file of stolen ones, offline, without ever reading it whole.

The file has a line for each password, its SHA-1 in hexadecimal and how often it was seen (`HASH:COUNT`), sorted by
hash: so Have I Been Pwned publishes them, some 40 GB. A binary search over places in the file reads about 30 lines.
"""

import hashlib
from pathlib import Path
from typing import IO

_HASH_LENGTH = 40


def is_listed(file: Path, password: str) -> bool:
    """Raises OSError."""
    digest = hashlib.sha1(password.encode(errors="surrogatepass"), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as stream:
        low, high = 0, stream.seek(0, 2)
        # The line looked for begins at or after `low`, and before `high`.
        while low < high:
            middle = (low + high) // 2
            start, line = _line_from(stream, middle, low)
            if not line or start >= high:
                high = middle
                continue
            found = line[:_HASH_LENGTH].upper()
            if found == digest:
                return True
            if found < digest:
                low = start + len(line)
            else:
                high = middle
    return False


def _line_from(stream: IO[bytes], place: int, low: int) -> tuple[int, bytes]:
    """The first line that begins at `place` or after it, and where; `low` is where a line begins. Empty at the end."""
    if place > low:
        stream.seek(place - 1)
        stream.readline(4096)  # the rest of the line before
    else:
        stream.seek(low)
    start = stream.tell()
    return start, stream.readline(4096)

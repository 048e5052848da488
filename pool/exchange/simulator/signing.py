"""Whose request it is.

Signed as Binance wants it: HMAC-SHA256 with the secret over query and body, the signature left out, with a timestamp
that is not older than `recvWindow` nor more than a second ahead.
"""

import hashlib
import hmac
import re

from pool.exchange.simulator.calls import Call
from pool.exchange.simulator.keys import ApiKey, Permission
from pool.exchange.simulator.ledger import Ledger
from pool.exchange.simulator.orders import Account
from pool.exchange.simulator.problems import Problem, missing

_KEY = re.compile(r"[A-Za-z0-9]{64}")
_SIGNATURE = re.compile(r"(^|&)signature=([^&]*)")
_DEFAULT_WINDOW_MS, _LONGEST_WINDOW_MS, _AHEAD_MS = 5_000, 60_000, 1_000


def authenticate(ledger: Ledger, call: Call) -> Account:
    """The account that signed the request, with a key that may. Raises `Problem`: -2014, -1102, -1131, -1021, -2015,
    -1022."""
    return ledger.account_with_id(authenticated_key(ledger, call).account_id)


def authenticated_key(ledger: Ledger, call: Call) -> ApiKey:
    """The same, with the key that was used."""
    key = call.headers.get("X-MBX-APIKEY", "")
    if not _KEY.fullmatch(key):
        raise Problem(401, -2014, "API-key format invalid.")
    timestamp = call.parameters.integer("timestamp")
    if timestamp is None:
        raise missing("timestamp")
    window = call.parameters.integer("recvWindow")
    if window is not None and window > _LONGEST_WINDOW_MS:
        raise Problem(400, -1131, "recvWindow must be less than 60000.")
    if timestamp > call.now_ms + _AHEAD_MS:
        raise Problem(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time.")
    if timestamp < call.now_ms - (_DEFAULT_WINDOW_MS if window is None else window):
        raise Problem(400, -1021, "Timestamp for this request is outside of the recvWindow.")
    signature = call.parameters.required("signature")
    known = ledger.keys.find(key)
    if known is None or not known.may(_needed(call), call.address, call.now_ms):
        raise Problem(401, -2015, "Invalid API-key, IP, or permissions for action.")
    text = _SIGNATURE.sub("", call.query) + _SIGNATURE.sub("", call.body.decode("utf-8", errors="replace"))
    expected = hmac.new(known.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise Problem(400, -1022, "Signature for this request is not valid.")
    return known


def _needed(call: Call) -> Permission:
    if call.method == "GET":
        return Permission.READING
    return Permission.FUTURES if call.path.startswith("/fapi/") else Permission.SPOT

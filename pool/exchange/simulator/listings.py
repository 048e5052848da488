"""What is traded: assets with a typical price and restlessness, and the symbols made of them.

The list depends on nothing but its length: BTCUSDT is first; after the well-known assets come made-up names, up to
`MOST_SYMBOLS`. Crosses (BTC-, EUR-, USDC-quoted) follow from their two assets, so converting around a triangle
gives what it should.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import product

from pool.exchange.simulator.noise import key_of

MOST_SYMBOLS = 1_500
NUMERAIRE = "USDT"
STABLE = ("USDT", "USDC", "EUR")
LISTED_AT_SECONDS = 1_672_531_200  # 2023-01-01T00:00Z; no candle is older

# asset: (typical price in USDT, standard deviation of the log price over a minute)
_KNOWN: dict[str, tuple[float, float]] = {
    "BTC": (64_000, 0.0008), "ETH": (3_200, 0.0010), "SOL": (150, 0.0014), "BNB": (580, 0.0010),
    "XRP": (0.62, 0.0013), "ADA": (0.45, 0.0014), "DOGE": (0.14, 0.0016), "AVAX": (28, 0.0015),
    "LINK": (14, 0.0014), "DOT": (6.3, 0.0013), "LTC": (82, 0.0012), "TRX": (0.12, 0.0010),
    "BCH": (410, 0.0013), "NEAR": (5.2, 0.0016), "UNI": (8.4, 0.0015), "ATOM": (7.1, 0.0014),
    "XLM": (0.105, 0.0013), "ETC": (24, 0.0013), "FIL": (4.4, 0.0015), "APT": (7.8, 0.0016),
    "EUR": (1.085, 0.00012), "USDC": (1.0, 0.00001), "ARB": (0.81, 0.0016), "OP": (1.7, 0.0017),
    "INJ": (23, 0.0018), "SUI": (1.2, 0.0018), "AAVE": (98, 0.0015), "ALGO": (0.15, 0.0014),
    "VET": (0.025, 0.0014), "GRT": (0.18, 0.0016), "SAND": (0.33, 0.0015), "MANA": (0.34, 0.0015),
    "AXS": (5.6, 0.0016), "THETA": (1.4, 0.0015), "EGLD": (31, 0.0014), "XTZ": (0.76, 0.0013),
    "CHZ": (0.071, 0.0015), "CRV": (0.29, 0.0018), "SNX": (1.6, 0.0016), "COMP": (49, 0.0015),
    "RUNE": (4.2, 0.0018), "KAVA": (0.41, 0.0015), "ZEC": (29, 0.0015), "DASH": (25, 0.0014),
    "ENJ": (0.16, 0.0015), "ONE": (0.013, 0.0016), "GALA": (0.021, 0.0017), "IMX": (1.5, 0.0017),
    "LDO": (1.1, 0.0017), "SEI": (0.33, 0.0018), "TIA": (5.4, 0.0019), "JUP": (0.78, 0.0018),
    "PEPE": (0.0000095, 0.0020), "SHIB": (0.0000175, 0.0016), "WIF": (1.9, 0.0021), "FET": (1.3, 0.0018),
}  # fmt: skip
_CROSSES = (
    ("EUR", "USDT"), ("USDC", "USDT"), ("ETH", "BTC"), ("BNB", "BTC"), ("SOL", "BTC"), ("XRP", "BTC"),
    ("BTC", "EUR"), ("ETH", "EUR"), ("SOL", "EUR"), ("BTC", "USDC"), ("ETH", "USDC"), ("SOL", "USDC"),
)  # fmt: skip
_FIRST_DOLLAR_SYMBOLS = 20
# Binance's own digits where the rule below gives others: (of the price, of the quantity).
_DIGITS = {"BTCUSDT": (2, 5), "ETHUSDT": (2, 4), "BTCEUR": (2, 5), "BTCUSDC": (2, 5), "ETHBTC": (5, 4)}
_ONSETS = ("B", "C", "D", "F", "G", "K", "L", "M", "N", "P", "R", "S", "T", "V", "X", "Z")
_NUCLEI = ("A", "E", "I", "O", "U")


@dataclass(frozen=True)
class Asset:
    """`price` is in USDT; `sigma` is the standard deviation of its logarithm over a minute."""

    name: str
    price: float
    sigma: float


@dataclass(frozen=True)
class Listing:
    """One symbol. Prices are counted in ticks of `10**-price_digits`, quantities in lots of `10**-lot_digits`."""

    symbol: str
    base: str
    quote: str
    price: float
    """Typical price, in the quote currency."""
    price_digits: int
    lot_digits: int
    minute_lots: int
    """Typical volume of a minute, in lots."""
    min_notional: Decimal

    @cached_property
    def tick(self) -> Decimal:
        return Decimal(1).scaleb(-self.price_digits)

    @cached_property
    def lot(self) -> Decimal:
        return Decimal(1).scaleb(-self.lot_digits)

    @property
    def max_lots(self) -> int:
        """Largest order, LOT_SIZE."""
        return self.minute_lots * 5_000

    @property
    def max_market_lots(self) -> int:
        """Largest market order, MARKET_LOT_SIZE."""
        return self.minute_lots * 50


def make_listings(count: int) -> tuple[dict[str, Asset], list[Listing]]:
    """The first `count` symbols and every asset they need. Raises ValueError outside 1 to `MOST_SYMBOLS`."""
    if not 1 <= count <= MOST_SYMBOLS:
        raise ValueError(f"The paper exchange lists 1 to {MOST_SYMBOLS:,} symbols, not {count:,}")
    assets = {name: Asset(name, price, sigma) for name, (price, sigma) in _KNOWN.items()}
    assets[NUMERAIRE] = Asset(NUMERAIRE, 1.0, 0.0)
    listings: list[Listing] = []
    for base, quote in _pairs():
        if len(listings) == count:
            break
        if base not in assets:
            assets[base] = _made_up(base)
        listings.append(_listing(assets[base], assets[quote]))
    used = {name for listing in listings for name in (listing.base, listing.quote)} | {NUMERAIRE}
    return {name: asset for name, asset in assets.items() if name in used}, listings


def _pairs() -> Iterator[tuple[str, str]]:
    dollars = [(name, NUMERAIRE) for name in _KNOWN if name not in STABLE]
    yield from dollars[:_FIRST_DOLLAR_SYMBOLS]
    yield from _CROSSES
    yield from dollars[_FIRST_DOLLAR_SYMBOLS:]
    for number, name in enumerate(_names()):
        yield name, NUMERAIRE
        if number % 10 == 9:
            worth_a_satoshi_step = _made_up(name).price >= 1
            yield name, "BTC" if worth_a_satoshi_step else ("EUR", "USDC")[number // 10 % 2]


def _names() -> Iterator[str]:
    """1,280 pronounceable four- and five-letter names, in an order that does not look like a list."""
    names = [a + x + b + y for a, x, b, y in product(_ONSETS, _NUCLEI, _ONSETS, "AO")]
    taken = set(_KNOWN) | {NUMERAIRE}
    return (name for name in sorted(names, key=lambda name: key_of("name", name)) if name not in taken)


def _made_up(name: str) -> Asset:
    dice = key_of("asset", name)
    price = 10 ** (dice % 1_000 / 1_000 * 4 - 1.5)  # 0.03 to 316 USDT
    return Asset(name, float(f"{price:.3g}"), 0.0011 + dice // 1_000 % 1_000 * 1e-6)


def _listing(base: Asset, quote: Asset) -> Listing:
    symbol = base.name + quote.name
    price = base.price / quote.price
    digits, lots = _DIGITS.get(symbol, (_price_digits(price), max(0, math.ceil(math.log10(base.price)))))
    turnover = 40_000 * 10 ** (key_of("turnover", symbol) % 1_000 / 1_000 * 1.5)  # USDT a minute
    if base.name in ("BTC", "ETH") and quote.name == NUMERAIRE:
        turnover = 2_000_000
    return Listing(
        symbol=symbol,
        base=base.name,
        quote=quote.name,
        price=price,
        price_digits=digits,
        lot_digits=lots,
        minute_lots=max(600, int(turnover / base.price * 10**lots)),
        min_notional=Decimal("0.0001") if quote.name == "BTC" else Decimal(5),
    )


def _price_digits(price: float) -> int:
    """Digits that make a tick 1/10,000 to 1/100,000 of the price, eight at most."""
    return min(8, max(0, 5 - math.ceil(math.log10(price))))

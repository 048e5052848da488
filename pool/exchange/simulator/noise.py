"""Price paths by random access.

Each asset has a log price that wanders like a Brownian motion, built by midpoint displacement: values at coarse
nodes (256 days apart) are independent; between two neighbours the next finer level lies on the straight line plus a
displacement drawn from a hash of (seed, asset, level, node). The finest nodes are 5 s apart; between them the log price
is linear. Any stretch is computed from its own few ancestors, in one vectorised pass per level, and gives the same
bits whichever stretch is asked for.
"""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

NODE_SECONDS = 5
_DAY = 86_400
# Spacing of each level in seconds; each divides the one before.
_SPACINGS = (256 * _DAY, 64 * _DAY, 16 * _DAY, 4 * _DAY, _DAY, 21_600, 3_600, 900, 300, 60, 20, NODE_SECONDS)
_UNIFORM_TO_STD = 3**0.5
# Constants of the splitmix64 generator.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key_of(*parts: object) -> int:
    """A stable 64-bit key of the parts."""
    digest = hashlib.blake2b(":".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def uniform(keys: npt.NDArray[np.uint64] | np.uint64, indexes: Integers) -> Floats:
    """Hash noise in [-1, 1) for every (key, index); arguments broadcast."""
    z = indexes.astype(np.uint64) * _STEP + keys
    z ^= z >> np.uint64(30)
    z *= _MIX_1
    z ^= z >> np.uint64(27)
    z *= _MIX_2
    z ^= z >> np.uint64(31)
    noise: Floats = (z >> np.uint64(11)).astype(np.float64)
    noise *= 2.0**-52
    noise -= 1.0
    return noise


class Paths:
    """Log-price paths of a number of assets.

    `sigmas` are standard deviations of the log price over one minute; 0 gives a path that never moves.
    """

    def __init__(self, seed: int, assets: Sequence[str], sigmas: Sequence[float]) -> None:
        self._keys = np.array(
            [[key_of(seed, asset, spacing) for spacing in _SPACINGS] for asset in assets], dtype=np.uint64
        )
        self.sigmas: Floats = np.array(sigmas, dtype=np.float64)
        self._weights = [_displacements(coarse, fine) for coarse, fine in pairwise(_SPACINGS)]

    def nodes(self, assets: npt.NDArray[np.intp], first: int, last: int) -> Floats:
        """Log prices at the 5 s nodes `first` to `last` (both included; node n is at second 5 n), one row per asset."""
        return self._level(len(_SPACINGS) - 1, assets, first, last)

    def _level(self, level: int, assets: npt.NDArray[np.intp], first: int, last: int) -> Floats:
        keys = self._keys[assets, level][:, None]
        sigma = self.sigmas[assets][:, None]
        if level == 0:
            spread = (_SPACINGS[0] / 60) ** 0.5 * _damping(_SPACINGS[0]) * _UNIFORM_TO_STD / 2
            top: Floats = uniform(keys, np.arange(first, last + 1)) * (sigma * spread)
            return top
        ratio = _SPACINGS[level - 1] // _SPACINGS[level]
        coarse_first = first // ratio
        coarse_last = max(-(-last // ratio), coarse_first + 1)
        coarse = self._level(level - 1, assets, coarse_first, coarse_last)
        shape = (len(assets), coarse_last - coarse_first, ratio)
        displaced = uniform(keys, np.arange(coarse_first * ratio, coarse_last * ratio)).reshape(shape)
        displaced *= self._weights[level - 1] * sigma[:, :, None]
        displaced += coarse[:, :-1, None]
        displaced += (coarse[:, 1:, None] - coarse[:, :-1, None]) * (np.arange(ratio) / ratio)
        fine: Floats = np.concatenate([displaced.reshape(len(assets), -1), coarse[:, -1:]], axis=1)
        offset = first - coarse_first * ratio
        return fine[:, offset : offset + last - first + 1]


def _displacements(coarse_seconds: int, fine_seconds: int) -> Floats:
    """What a unit of noise moves each child, for sigma 1: the spread of a Brownian bridge, 0 at the parent itself."""
    offsets = np.arange(coarse_seconds // fine_seconds) * (fine_seconds / 60)
    span = coarse_seconds / 60
    bridge: Floats = np.sqrt(offsets * (span - offsets) / span)
    return bridge * (_UNIFORM_TO_STD * _damping(coarse_seconds))


def _damping(spacing_seconds: int) -> float:
    """Slow waves are made smaller than a Brownian motion's, so that no price leaves its order of magnitude."""
    return float(min(1.0, (_DAY / spacing_seconds) ** 0.25))

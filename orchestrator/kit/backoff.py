"""Growing delays between attempts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubles from `first_seconds` up to `limit_seconds`."""

    first_seconds: float
    limit_seconds: float

    def delay_seconds(self, failures: int) -> float:
        """The wait after so many failures in a row; 0 after none."""
        if failures <= 0:
            return 0.0
        doublings = min(failures - 1, 32)
        return float(min(self.limit_seconds, self.first_seconds * 2**doublings))

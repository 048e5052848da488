"""Named settings of the risk dial. Each is `dial.document(dial, horizon)`, by the formulas there.

preset                dial  horizon
capital-preservation     0     1
conservative            20     1
balanced                50     1
aggressive              80     1
scalper                 50     1/4    profits, stops and times a quarter as far
swing                   50     2      and twice as far
"""

from dataclasses import dataclass
from decimal import Decimal

from pool.contract.policy import PolicyDocument
from pool.rules import dial


@dataclass(frozen=True, slots=True)
class Preset:
    name: str
    dial: int
    horizon: Decimal
    description: str

    def document(self, *, time_zone: str = "UTC", reference_pair: str = "BTC/USDT") -> PolicyDocument:
        return dial.document(self.dial, horizon=self.horizon, time_zone=time_zone, reference_pair=reference_pair)


PRESETS = {
    preset.name: preset
    for preset in (
        Preset("capital-preservation", 0, Decimal(1), "As careful as the dial goes."),
        Preset("conservative", 20, Decimal(1), "Small losses, early profits."),
        Preset("balanced", 50, Decimal(1), "The middle of the dial."),
        Preset("aggressive", 80, Decimal(1), "Wide stops, far targets, many trades."),
        Preset("scalper", 50, Decimal("0.25"), "Balanced, for trades of minutes: everything a quarter as far."),
        Preset("swing", 50, Decimal(2), "Balanced, for trades of days: everything twice as far."),
    )
}

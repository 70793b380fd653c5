# SPDX-License-Identifier: MIT
"""What a run teaches about the unit on the leg: its gyro's bias (bias.py, stillness.py), and a slip (slip.py).

Out of gait the raw counts are watched for standing still, in gait each stride straight on is looked at.
"""

from array import array

from . import mount, tilt
from .bias import Bias
from .settings import Settings
from .slip import Slip
from .stillness import Rest

try:
    import micropython
except ImportError:  # CPython
    from . import _cpython as micropython  # type: ignore[no-redef]


class Seat:
    """`slip.slipped`.  `matrix`: of mount.fold, kept right; `mirror`: -1 for a right leg."""

    def __init__(
        self,
        rate_hz: int,
        acc_lsb_per_g: int,
        gyro_lsb_per_10dps: int,
        settings: Settings,
        mirror: int,
        matrix: "array[int]",
    ) -> None:
        self._bias = Bias(rate_hz, settings.get("filter_tau_ms"), mirror, matrix)
        self._rest = Rest(rate_hz, acc_lsb_per_g, gyro_lsb_per_10dps, settings)
        self._rest_s: int = settings.get("calibrate_still_s")
        self.slip = Slip()

    @property
    def left(self) -> int:
        """A stretch out of gait must not be longer: the bias may change with its last sample."""
        return self._rest.watch.left

    @property
    def surprised(self) -> bool:
        """Lean cannot be trusted: see Bias."""
        return self._bias.surprised

    def moved(self) -> None:
        """Gait, or missing samples: no standing still goes on over it."""
        self._rest.reset()

    @micropython.native
    def watch(self, batch: "array[int]", at: int, count: int) -> None:
        """`count` samples out of gait, counts from batch[at] on."""
        rest = self._rest
        for _ in range(count):
            if rest.step(batch, at) and rest.seconds == self._rest_s:
                self._bias.rest(rest.bias_x16())
                rest.reset()
            at += mount.AXES

    def stride(self, gravity: "array[int]", interval_x16: int, straight: bool) -> bool:
        """A contact; `gravity`: the filter's state, whose sums begin anew.  True if the unit is seen to have slipped.

        `straight`: the stride that ends was one of gait, and no turn.
        """
        slipped = False
        if straight:
            self._rest.reset()
            self._bias.stride(gravity[tilt.PULL], gravity[tilt.PULL + 2], gravity[tilt.PULLED])
            slipped = self.slip.contact(gravity[0], gravity[1], gravity[2], interval_x16)
        for i in range(tilt.PULL, tilt.PULLED + 1):
            gravity[i] = 0
        return slipped

# SPDX-License-Identifier: MIT
"""Gyro bias tracked in motion, stride by stride, from the gravity filter's own pull.

A rate error b turns the filter's gravity away at b x up; over a whole stride, which brings the leg back to where it
was, acceleration pulls it back at just that rate.  So the mean of the filter's state u over a stride shows the error
about the two axes across gravity: x by u's z, z by -u's x.  The error about the vertical does no harm to lean and
stays.  What was corrected shows in u only after the filter's delay tau; two lags of tau / 2 in a row stand for it, and
what is added back of them makes each stride a measurement of the whole bias.

The estimate is their mean, from 4 strides' weight to that of 32 (about 20 s); a stride counts as at most 0.5 deg/s off,
and it is 6 deg/s at most: an apparent vertical that tilts for a while (a bend, a sprint) moves it little.  Standing
still, which shows the bias directly, replaces it.

Formats: bias and offsets 131072 per deg/s, those of the mount's Q13 matrix; sums of u 2^22 per g, of up to 8191
samples.  31 bits for any input.
"""

from array import array

from .fixed import rounded_div

UNIT = 131072  # 1 deg/s: 16 LSB in Q13

_MOST_OFF = UNIT >> 1
_MOST = 6 * UNIT
_FEWEST_STRIDES, _MOST_STRIDES = 4, 32
_SURPRISE = UNIT  # what the last strides show beyond what is known, in mean: lean cannot be trusted
_REST_LIMIT = 25 * UNIT  # parts are specified to 20 deg/s
_MEAN_LIMIT = 1 << 15
_X_OFFSET, _Z_OFFSET = 4 * 3 + 3, 4 * 5 + 3  # in the matrix of mount.py

# Mean pull (2^26 per g and sample) to bias: 180 / pi x UNIT / 2^26 x rate = 7334 / 2^16 x rate
_PULL_TO_BIAS = 7334


class Bias:
    """Corrects the offsets in `matrix` (see mount.fold).  `mirror`: -1 for a right leg, as in tilt.py."""

    def __init__(self, rate_hz: int, tau_ms: int, mirror: int, matrix: "array[int]") -> None:
        self._scale = rate_hz * _PULL_TO_BIAS >> 8
        self._half_tau = tau_ms * rate_hz // 2000
        self._mirror = mirror
        self._matrix = matrix
        self._x = _Track()
        self._z = _Track()
        self._rebase(_FEWEST_STRIDES)

    def _rebase(self, strides: int) -> None:
        """What the matrix subtracts now is the best known, worth so many strides."""
        self._base_x = self._matrix[_X_OFFSET]
        self._base_z = self._matrix[_Z_OFFSET]
        self._x.restart(strides)
        self._z.restart(strides)

    def rest(self, bias_x16: "list[int]") -> None:
        """Measured at rest, counts x 16 in the sensor's axes: replaces all that was known, if it is a gyro's bias."""
        matrix = self._matrix
        offsets = []
        for row in (12, 16, 20):
            offsets.append(-rounded_div(sum(matrix[row + k] * bias_x16[k] for k in range(3)), 16))
        if max(abs(offset) for offset in offsets) > _REST_LIMIT:
            return
        for i in range(3):
            matrix[_X_OFFSET + 4 * i] = offsets[i]
        self._rebase(_MOST_STRIDES)

    def stride(self, pull_x: int, pull_z: int, samples: int) -> None:
        """One whole stride of gait: sums of the filter's u over its samples, 2^22 per g, mirrored as in tilt.py."""
        share_q8 = (samples << 8) // (samples + self._half_tau)
        self._x.stride(self._left(pull_z, samples), share_q8)
        self._z.stride(-self._left(pull_x, samples), share_q8)
        self._matrix[_X_OFFSET] = self._base_x - self._mirror * self._x.bias
        self._matrix[_Z_OFFSET] = self._base_z - self._z.bias

    @property
    def surprised(self) -> bool:
        """The last strides show another bias than the one known: it has jumped, or what looks like it is a turn."""
        return abs(self._x.off) > _SURPRISE or abs(self._z.off) > _SURPRISE

    def _left(self, pull: int, samples: int) -> int:
        """Bias left, as this stride shows it, cut where no gyro is so bad."""
        mean = (pull // samples << 4) + ((pull % samples << 4) // samples)
        mean = min(max(mean, -_MEAN_LIMIT), _MEAN_LIMIT)
        return mean * self._scale >> 8


class _Track:
    """One axis: `bias` found so far, `off`."""

    def restart(self, strides: int) -> None:
        self.bias = 0
        self.off = 0  # of what a stride shows from what is known, mean over about four
        self._strides = strides
        self._lag1 = self._lag2 = 0

    def stride(self, left: int, share_q8: int) -> None:
        self._lag1 += (self.bias - self._lag1) * share_q8 >> 8
        self._lag2 += (self._lag1 - self._lag2) * share_q8 >> 8
        off = self._lag2 + left - self.bias
        self.off += (off - self.off) >> 2
        self.bias += min(max(off, -_MOST_OFF), _MOST_OFF) // self._strides
        self.bias = min(max(self.bias, -_MOST), _MOST)
        if self._strides < _MOST_STRIDES:
            self._strides += 1

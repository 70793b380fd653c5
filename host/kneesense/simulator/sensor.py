# SPDX-License-Identifier: MIT
"""What becomes of the shank's motion on its way into a chip: strap, mounting, and the errors of real parts.

Strap and skin are linear: accelerations pass a damped resonance (the sensor's mass on soft tissue), and the sensor
tilts on the shank in proportion to what it feels, at a lower resonance.  Errors of a chip are drawn
so that 2.5 SD, where they are cut, is its part's limit.

Limits: no anti-alias filter (the noise is that of the bandwidth, the signal is sampled as it is), no hysteresis of a
strap, no quantisation of time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .motion import GRAVITY_MPS2, Floats

Complex = NDArray[np.complex128]

_CUT = 2.5
_WARM_TAU_S = 300.0  # a small board in its case, our guess


@dataclass(frozen=True)
class Part:
    """A chip at the ranges used.  Errors are limits of the data sheet; tempcos per kelvin."""

    name: str
    acc_lsb_per_g: int
    gyro_lsb_per_10dps: int
    rates_hz: tuple[float, ...]
    bandwidth_hz: float
    acc_noise_g: float  # per root Hz
    gyro_noise_dps: float
    acc_bias_g: float
    gyro_bias_dps: float
    acc_bias_g_per_k: float
    gyro_bias_dps_per_k: float
    acc_scale: float
    gyro_scale: float
    cross_axis: float
    gyro_dps_per_g: float
    rate_error: float


def _parts(*parts: Part) -> dict[str, Part]:
    return {part.name: part for part in parts}


PARTS = _parts(
    Part(  # PS-MPU-6000A rev 3.4, tables 6.1 to 6.3; tempcos are its variation over temperature, spread evenly
        "mpu6050", 2048, 164, (500.0,), 184.0,
        acc_noise_g=400e-6, acc_bias_g=0.05, acc_bias_g_per_k=0.001, acc_scale=0.03,
        gyro_noise_dps=0.005, gyro_bias_dps=20.0, gyro_bias_dps_per_k=0.32, gyro_scale=0.03,
        cross_axis=0.02, gyro_dps_per_g=0.1, rate_error=0.01,
    ),
    Part(  # LSM6DSO: rates and counts of DS12140 rev 2; its errors are typical of such parts, not checked
        "lsm6dso", 2048, 143, (416.0, 833.0), 200.0,
        acc_noise_g=110e-6, acc_bias_g=0.02, acc_bias_g_per_k=0.0001, acc_scale=0.01,
        gyro_noise_dps=0.0038, gyro_bias_dps=1.0, gyro_bias_dps_per_k=0.01, gyro_scale=0.01,
        cross_axis=0.01, gyro_dps_per_g=0.0, rate_error=0.05,
    ),
    Part(  # ICM-42688-P: noise and counts of DS-000347 rev 1.7; its other errors likewise
        "icm42688p", 2048, 164, (500.0, 1000.0), 250.0,
        acc_noise_g=70e-6, acc_bias_g=0.02, acc_bias_g_per_k=0.00015, acc_scale=0.005,
        gyro_noise_dps=0.0028, gyro_bias_dps=0.5, gyro_bias_dps_per_k=0.005, gyro_scale=0.005,
        cross_axis=0.0125, gyro_dps_per_g=0.0, rate_error=0.01,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Strap:
    """`ring_hz` 0: rigid.  `tilt_deg_per_g` 0: it does not wobble."""

    ring_hz: float = 45.0
    ring_damping: float = 0.35
    tilt_hz: float = 12.0
    tilt_damping: float = 0.25
    tilt_deg_per_g: float = 0.0
    slip_deg: float = 0.0  # about the shank, within two seconds
    slip_at_s: float = 0.0


RIGID = Strap(ring_hz=0.0)
LOOSE = Strap(ring_hz=18.0, ring_damping=0.15, tilt_deg_per_g=0.6)


@dataclass(frozen=True)
class Motor:
    """The unit's own buzzer: pulses at even intervals.  An eccentric mass of about 1 g at 12,000 rpm."""

    every_s: float = 2.0
    pulse_s: float = 0.12
    hz: float = 200.0
    size_g: float = 1.0
    size_dps: float = 15.0


@dataclass(frozen=True)
class Sensor:
    """One chip on one leg.  `mounting` [3, 3]: segment to sensor, a rotation.

    `errors`: 0 a perfect part, 1 one drawn from its limits with `seed`.  `warming_k`: how much warmer it gets in the
    run.  `ramp_dps` [3]: gyro bias that grows evenly to this by the end, besides.
    """

    part: Part = PARTS["mpu6050"]
    rate_hz: float = 0.0  # 0: the part's first
    mounting: Floats = field(default_factory=lambda: np.eye(3))
    strap: Strap = RIGID
    motor: Motor | None = None
    errors: float = 1.0
    warming_k: float = 0.0
    ramp_dps: tuple[float, float, float] = (0.0, 0.0, 0.0)
    seed: int = 1

    @property
    def nominal_hz(self) -> float:
        return self.rate_hz or self.part.rates_hz[0]

    def drawn(self) -> Drawn:
        """The errors of this very chip."""
        random, part = np.random.default_rng(self.seed), self.part

        def within(limit: float, *shape: int) -> Floats:
            drawn = np.clip(random.normal(size=shape), -_CUT, _CUT)
            return np.asarray(self.errors * limit / _CUT * drawn)

        return Drawn(
            rate_hz=self.nominal_hz * (1 + float(within(part.rate_error))),
            acc=np.eye(3) + np.diag(within(part.acc_scale, 3)) + _off_diagonal(within(part.cross_axis, 3, 3)),
            gyro=np.eye(3)
            + np.diag(within(part.gyro_scale, 3))
            + _off_diagonal(within(part.cross_axis, 3, 3)),
            acc_bias=GRAVITY_MPS2 * within(part.acc_bias_g, 3),
            gyro_bias=np.radians(within(part.gyro_bias_dps, 3)),
            acc_per_k=GRAVITY_MPS2 * within(part.acc_bias_g_per_k, 3),
            gyro_per_k=np.radians(within(part.gyro_bias_dps_per_k, 3)),
            gyro_per_acc=np.radians(within(part.gyro_dps_per_g, 3, 3)) / GRAVITY_MPS2,
        )

    def feel(self, t_s: Floats, force: Floats, rate: Floats, chip: Drawn) -> tuple[Floats, Floats]:
        """From the shank's motion, segment frame, to what the chip tells, both [n, 3] in m/s^2 and rad/s."""
        force, rate = self._on_strap(t_s, force, rate, chip.rate_hz)
        force, rate = force @ self.mounting.T, rate @ self.mounting.T
        if self.motor:
            shaken = _buzz(self.motor, t_s)
            force = force + shaken * self.motor.size_g * GRAVITY_MPS2
            rate = rate + shaken * np.radians(self.motor.size_dps)
        random = np.random.default_rng([self.seed, 1])
        noise = random.normal(size=(len(t_s), 6)) * np.sqrt(self.part.bandwidth_hz) * bool(self.errors)
        warmer = self.warming_k * (1 - np.exp(-t_s / _WARM_TAU_S))[:, None]
        grown = (t_s / t_s[-1])[:, None] * np.radians(self.ramp_dps) if any(self.ramp_dps) else 0.0
        told_acc = force @ chip.acc.T + chip.acc_bias + warmer * chip.acc_per_k
        told_gyro = (
            rate @ chip.gyro.T + chip.gyro_bias + warmer * chip.gyro_per_k + force @ chip.gyro_per_acc.T
        )
        told_acc += noise[:, :3] * self.part.acc_noise_g * GRAVITY_MPS2
        told_gyro += noise[:, 3:] * np.radians(self.part.gyro_noise_dps) + grown
        return (
            _rounded(told_acc, self.part.acc_lsb_per_g / GRAVITY_MPS2),
            _rounded(told_gyro, np.degrees(self.part.gyro_lsb_per_10dps / 10)),
        )

    def _on_strap(self, t_s: Floats, force: Floats, rate: Floats, rate_hz: float) -> tuple[Floats, Floats]:
        strap = self.strap
        if strap.ring_hz:
            force = ringing(force, strap.ring_hz, strap.ring_damping, rate_hz)
        if strap.tilt_deg_per_g:
            tilt, tilt_rate = _tilting(force, strap, rate_hz)
            force = force - np.cross(tilt, force)
            rate = rate - np.cross(tilt, rate) + tilt_rate
        if strap.slip_deg:
            slipped = np.radians(strap.slip_deg) * np.clip((t_s - strap.slip_at_s) / 2, 0, 1)
            force, rate = _about_y(force, slipped), _about_y(rate, slipped)
        return force, rate


@dataclass(frozen=True)
class Drawn:
    """Errors of one chip, sensor axes: told = matrix @ true + bias; biases grow by `..._per_k` with each kelvin."""

    rate_hz: float  # true
    acc: Floats
    gyro: Floats
    acc_bias: Floats
    gyro_bias: Floats
    acc_per_k: Floats
    gyro_per_k: Floats
    gyro_per_acc: Floats


def _off_diagonal(matrix: Floats) -> Floats:
    return matrix - np.diag(np.diag(matrix))


def _rounded(values: Floats, lsb: float) -> Floats:
    """As int16 counts hold them."""
    return np.asarray(np.clip(np.rint(values * lsb), -32768, 32767) / lsb)


def _filtered(signal: Floats, response: Complex, n: int) -> Floats:
    spectrum = np.fft.rfft(signal, n, axis=0) * response[:, None]
    return np.asarray(np.fft.irfft(spectrum, n, axis=0)[: len(signal)])


def _frequencies(length: int, rate_hz: float) -> tuple[int, Complex]:
    """Padded length, and i x angular frequency: the response to what came before the start dies in the padding."""
    n = 1 << (length + int(rate_hz)).bit_length()
    return n, np.asarray(2j * np.pi * np.fft.rfftfreq(n, 1 / rate_hz), np.complex128)


def ringing(force: Floats, hz: float, damping: float, rate_hz: float) -> Floats:
    n, s = _frequencies(len(force), rate_hz)
    w = 2 * np.pi * hz
    rest = force[0]
    response = (w * w + 2 * damping * w * s) / (s * s + 2 * damping * w * s + w * w)
    return np.asarray(rest + _filtered(force - rest, response, n))


def _tilting(force: Floats, strap: Strap, rate_hz: float) -> tuple[Floats, Floats]:
    """Rotation vector of the sensor on the shank and its derivative: pushed sideways it tilts, about y it turns."""
    n, s = _frequencies(len(force), rate_hz)
    w = 2 * np.pi * strap.tilt_hz
    push = np.stack((force[:, 2], force[:, 2] - force[:, 0], -force[:, 0]), axis=1)
    push = (push - push[0]) * np.radians(strap.tilt_deg_per_g) / GRAVITY_MPS2
    response = w * w / (s * s + 2 * strap.tilt_damping * w * s + w * w)
    return _filtered(push, response, n), _filtered(push, response * s, n)


def _about_y(v: Floats, angle: Floats) -> Floats:
    """Vectors as a sensor sees them that has turned by `angle` [n] about the shank."""
    c, s = np.cos(angle), np.sin(angle)
    return np.stack((v[:, 0] * c - v[:, 2] * s, v[:, 1], v[:, 0] * s + v[:, 2] * c), axis=1)


def _buzz(motor: Motor, t_s: Floats) -> Floats:
    """Unit vibration in three axes; a motor needs some 40 ms to spin up and down."""
    since = t_s % motor.every_s
    swell = 1 - np.exp(-since / 0.04)
    fade = np.exp(-np.maximum(since - motor.pulse_s, 0) / 0.04)
    turn = 2 * np.pi * motor.hz * t_s
    return np.asarray(
        (swell * fade)[:, None] * np.stack((np.cos(turn), np.sin(turn), 0.3 * np.cos(turn + 1)), axis=1)
    )

# SPDX-License-Identifier: MIT
"""Every tunable of the device: name, default, range, unit, meaning.  The index in the table is its number on the wire.

Only ever append.  `pm` is permille, `cdeg` a hundredth of a degree, `dps` degrees per second, `mg` thousandths of g.
"""

from collections import namedtuple

Setting = namedtuple("Setting", ("name", "default", "low", "high", "unit", "meaning"))

TABLE = tuple(
    Setting(*row)
    for row in (
        ("cue_rule", 1, 0, 4, "code", "0 off (until a host sets anything), 1 cadence, 2 lean, 3 impact, 4 metronome"),
        ("cadence_offset_pm", 75, -200, 200, "permille", "target = baseline cadence + this; 0 guards the present one"),
        ("cadence_band_pm", 0, 0, 200, "permille", "half width of dead zone; 0: 2 SD of the baseline, at least 2 %"),
        ("cue_side", 0, 0, 3, "code", "0 towards the offset (0: less; cadence both), 1 both, 2 only more, 3 only less"),
        ("cue_m", 3, 1, 10, "strides", "cue when this many of the last cue_n run strides are out of the band"),
        ("cue_n", 5, 1, 10, "strides", "see cue_m"),
        ("cue_holdoff_strides", 5, 1, 100, "strides", "run strides without a cue after a cue"),
        ("baseline_strides", 250, 5, 2000, "strides", "steady run strides that make the baseline (about 3 minutes)"),
        ("confidence_min", 60, 0, 100, "percent", "strides below this never cue and never enter a baseline"),
        ("pulse_min_ms", 80, 20, 400, "ms", "shortest cue"),
        ("pulse_max_ms", 200, 20, 400, "ms", "longest cue; the motor's own hard maximum is in pins.py"),
        ("swing_floor_dps", 60, 40, 400, "deg/s", "least mid-swing peak rate taken for a swing"),
        ("filter_tau_ms", 3000, 500, 10000, "ms", "time constant of the gravity filter"),
        ("run_impact_mg", 2450, 500, 10000, "mg", "axial peak from which a stride counts as running by impact"),
        ("run_duty_pm", 480, 300, 600, "permille", "duty factor below which a stride counts as running by contact"),
        ("still_rate_mdps", 3000, 500, 10000, "mdps", "spread (SD) of an axis's rate within a second of standing"),
        ("still_acc_mg", 30, 5, 100, "mg", "spread (SD) of an axis's acceleration, likewise"),
        ("calibrate_still_s", 5, 2, 20, "s", "standing still for a calibration"),
        ("calibrate_strides", 10, 5, 40, "strides", "walking for a calibration"),
        ("calibrate_axis_pm", 600, 300, 950, "permille", "least part of the squared rate on the axis to the right"),
        ("calibrate_sign_pm", 1200, 1050, 3000, "permille", "least swing forward against the way back, to tell them"),
        ("calibrate_one_g_pm", 100, 20, 140, "permille", "largest error of 1 g that is taken into the calibration"),
        ("cue_mode", 0, 0, 3, "code", "0 bandwidth (cue_m of cue_n), 1 every step, 2 every cue_every-th, 3 summary"),
        ("cue_every", 4, 2, 20, "strides", "cue_mode 2: cue each so-manieth stride that is out of the band"),
        ("cue_summary_s", 90, 60, 120, "s", "cue_mode 3: running time between two looks at the mean"),
        ("lean_offset_cdeg", 0, -1000, 1000, "cdeg", "target = mean lean of the baseline + this; 0 holds the form"),
        ("lean_band_cdeg", 0, 0, 2000, "cdeg", "half width of dead zone; 0: 2 SD of the baseline, at least 1 deg"),
        ("lean_anchor_s", 120, 30, 600, "s", "running without cues that finds the mean lean of this strapping"),
        ("impact_offset_pm", -200, -500, 0, "permille", "target = baseline axial impact + this"),
        ("impact_band_pm", 0, 0, 500, "permille", "half width of dead zone; 0: 2 SD of the baseline, at least 5 %"),
        ("metronome_cspm", 0, 0, 24000, "csteps/min", "beat; 0: baseline cadence + cadence_offset_pm"),
        ("auto_start_strides", 8, 0, 100, "strides", "run strides that start a run without a host; 0: never"),
        ("auto_stop_s", 180, 30, 1800, "s", "without a stride that end a run started by itself or by the button"),
        ("imu_chip", 0, 0, 20, "code", "of parts that answer alike: 0 told apart by 1 g at rest, else the chip's code"),
        ("raw_record", 0, 0, 1, "code", "1: runs log the samples too; fills 1.5 MB in minutes"),
        ("battery_stop_mv", 3350, 3000, 3700, "mV", "three readings in a row below it end the run and the boot"),
        ("sleep_after_s", 600, 0, 7200, "s", "still, with no run and no host, before the unit sleeps; 0: never"),
    )
)  # fmt: skip

INDEX = {setting.name: i for i, setting in enumerate(TABLE)}


class SettingError(ValueError):
    """An unknown setting or a value out of its range; the text says which values are possible."""


def find(key: "int | str") -> Setting:
    """Setting by name or number."""
    index = INDEX.get(key, -1) if isinstance(key, str) else key
    if not 0 <= index < len(TABLE):
        raise SettingError("no setting %r" % (key,))
    return TABLE[index]


def checked(key: "int | str", value: int) -> int:
    setting = find(key)
    if not isinstance(value, int) or not setting.low <= value <= setting.high:
        raise SettingError(
            "%s = %s: must be %d to %d %s" % (setting.name, value, setting.low, setting.high, setting.unit)
        )
    return value


class Settings:
    """Values by name as attributes, read once by whoever is built from them."""

    def __init__(self, **values: int) -> None:
        for setting in TABLE:
            setattr(self, setting.name, setting.default)
        for name, value in values.items():
            self.set(name, value)

    def set(self, key: "int | str", value: int) -> None:
        setattr(self, find(key).name, checked(key, value))

    def get(self, key: "int | str") -> int:
        value: int = getattr(self, find(key).name)
        return value

    def __getattr__(self, name: str) -> int:
        raise AttributeError("no setting %r" % name)

# SPDX-License-Identifier: MIT
"""Every tunable of the device: name, default, range, unit.  The index in the table is its number on the wire.

Only ever append; what a setting means stands in meanings.py, which the unit does without.  `pm` is permille, `cdeg` a
hundredth of a degree, `dps` degrees per second, `mg` thousandths of g.
"""

from collections import namedtuple

Setting = namedtuple("Setting", ("name", "default", "low", "high", "unit"))

TABLE = (
    Setting("cue_rule", 1, 0, 4, "code"),
    Setting("cadence_offset_pm", 75, -200, 200, "permille"),
    Setting("cadence_band_pm", 0, 0, 200, "permille"),
    Setting("cue_side", 0, 0, 3, "code"),
    Setting("cue_m", 3, 1, 10, "strides"),
    Setting("cue_n", 5, 1, 10, "strides"),
    Setting("cue_holdoff_strides", 5, 1, 100, "strides"),
    Setting("baseline_strides", 250, 5, 2000, "strides"),
    Setting("confidence_min", 60, 0, 100, "percent"),
    Setting("pulse_min_ms", 80, 20, 400, "ms"),
    Setting("pulse_max_ms", 200, 20, 400, "ms"),
    Setting("swing_floor_dps", 60, 40, 400, "deg/s"),
    Setting("filter_tau_ms", 3000, 500, 10000, "ms"),
    Setting("run_impact_mg", 2450, 500, 10000, "mg"),
    Setting("run_duty_pm", 480, 300, 600, "permille"),
    Setting("still_rate_mdps", 3000, 500, 10000, "mdps"),
    Setting("still_acc_mg", 30, 5, 100, "mg"),
    Setting("calibrate_still_s", 5, 2, 20, "s"),
    Setting("calibrate_strides", 10, 5, 40, "strides"),
    Setting("calibrate_axis_pm", 600, 300, 950, "permille"),
    Setting("calibrate_sign_pm", 1200, 1050, 3000, "permille"),
    Setting("calibrate_one_g_pm", 100, 20, 140, "permille"),
    Setting("cue_mode", 0, 0, 3, "code"),
    Setting("cue_every", 4, 2, 20, "strides"),
    Setting("cue_summary_s", 90, 60, 120, "s"),
    Setting("lean_offset_cdeg", 0, -1000, 1000, "cdeg"),
    Setting("lean_band_cdeg", 0, 0, 2000, "cdeg"),
    Setting("lean_anchor_s", 120, 30, 600, "s"),
    Setting("impact_offset_pm", -200, -500, 0, "permille"),
    Setting("impact_band_pm", 0, 0, 500, "permille"),
    Setting("metronome_cspm", 0, 0, 24000, "csteps/min"),
    Setting("auto_start_strides", 8, 0, 100, "strides"),
    Setting("auto_stop_s", 180, 30, 1800, "s"),
    Setting("imu_chip", 0, 0, 20, "code"),
    Setting("raw_record", 0, 0, 1, "code"),
    Setting("battery_stop_mv", 3350, 3000, 3700, "mV"),
    Setting("sleep_after_s", 600, 0, 7200, "s"),
)

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
    """The value; SettingError if it is out of the range."""
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
        """SettingError if it is out of the range."""
        setattr(self, find(key).name, checked(key, value))

    def get(self, key: "int | str") -> int:
        """Its value, by number or name."""
        value: int = getattr(self, find(key).name)
        return value

    def __getattr__(self, name: str) -> int:
        raise AttributeError("no setting %r" % name)

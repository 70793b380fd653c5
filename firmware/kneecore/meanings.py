# SPDX-License-Identifier: MIT
"""What each setting of settings.py means and from when on it counts, for people.

No program of the unit imports it: it takes no memory there.
"""

MEANINGS = {
    "cue_rule": "0 off (until a host sets anything), 1 cadence, 2 lean, 3 impact, 4 metronome",
    "cadence_offset_pm": "target = baseline cadence + this; 0 guards the present one",
    "cadence_band_pm": "half width of dead zone; 0: 2 SD of the baseline, at least 2 %",
    "cue_side": "0 auto: towards the offset (0: less; cadence both), 1 both, 2 only more, 3 only less",
    "cue_m": "cue when this many of the last cue_n run strides are out of the band",
    "cue_n": "see cue_m",
    "cue_holdoff_strides": "run strides without a cue after a cue",
    "baseline_strides": "steady run strides that make the baseline (about 3 minutes)",
    "confidence_min": "strides below this never cue and never enter a baseline",
    "pulse_min_ms": "shortest cue",
    "pulse_max_ms": "longest cue; the motor's own hard maximum is in pins.py",
    "swing_floor_dps": "least mid-swing peak rate taken for a swing",
    "filter_tau_ms": "time constant of the gravity filter",
    "run_impact_mg": "axial peak from which a stride counts as running by impact",
    "run_duty_pm": "duty factor below which a stride counts as running by contact",
    "still_rate_mdps": "spread (SD) of an axis's rate within a second of standing",
    "still_acc_mg": "spread (SD) of an axis's acceleration, likewise",
    "calibrate_still_s": "standing still for a calibration",
    "calibrate_strides": "walking for a calibration",
    "calibrate_axis_pm": "least part of the squared rate on the axis to the right",
    "calibrate_sign_pm": "least swing forward against the way back, to tell them",
    "calibrate_one_g_pm": "largest error of 1 g that is taken into the calibration",
    "cue_mode": "0 bandwidth (cue_m of cue_n), 1 every step, 2 every cue_every-th, 3 summary",
    "cue_every": "cue_mode 2: cue each so-manieth stride that is out of the band",
    "cue_summary_s": "cue_mode 3: running time between two looks at the mean",
    "lean_offset_cdeg": "target = mean lean of the baseline + this; 0 holds the form",
    "lean_band_cdeg": "half width of dead zone; 0: 2 SD of the baseline, at least 1 deg",
    "lean_anchor_s": "running without cues that finds the mean lean of this strapping",
    "impact_offset_pm": "target = baseline axial impact + this",
    "impact_band_pm": "half width of dead zone; 0: 2 SD of the baseline, at least 5 %",
    "metronome_cspm": "beat; 0: baseline cadence + cadence_offset_pm",
    "auto_start_strides": "run strides that start a run without a host; 0: never",
    "auto_stop_s": "without a stride that end a run started by itself or by the button",
    "imu_chip": "of parts that answer alike: 0 told apart by 1 g at rest, else the chip's code",
    "raw_record": "1: runs log the samples too; fills 1.5 MB in minutes",
    "battery_stop_mv": "three readings in a row below it end the run and the boot",
    "sleep_after_s": "still, with no run and no host, before the unit sleeps; 0: never",
}

NOW, RUN, CALIBRATION, BOOT = "at once", "next run", "next calibration", "next boot"

_FROM = {
    "calibrate_still_s": CALIBRATION,
    "calibrate_strides": CALIBRATION,
    "calibrate_axis_pm": CALIBRATION,
    "calibrate_sign_pm": CALIBRATION,
    "calibrate_one_g_pm": CALIBRATION,
    "auto_start_strides": NOW,
    "auto_stop_s": NOW,
    "imu_chip": BOOT,
    "battery_stop_mv": NOW,
    "sleep_after_s": NOW,
}


def counts_from(name: str) -> str:
    """When a change of that setting begins to count: a run and a calibration go on with what they began with."""
    return _FROM.get(name, RUN)

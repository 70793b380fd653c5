# SPDX-License-Identifier: MIT
"""`validate` on the recordings of docs/data.md: the sets are there, and the key figures within bounds."""

import pytest

pytest.importorskip("vqf", reason="no vqf: pip install 'kneesense[analysis]'")


@pytest.fixture
def summary(data, tell_json):
    code, records, _ = tell_json("validate", data, "--runners", 0)
    assert code in (0, 1)
    assert records[-1]["ok"] is (code == 0)
    assert records[0]["type"] == "about"
    assert {"name", "ok", "state", "detail"} <= records[1].keys()
    return records[-1]


def test_the_recordings(summary):
    sets = summary["sets"]
    assert set(sets) == {
        "adept_ankle_run/refused", "broad_subset/orientation", "footnet_run_virtual/cycles",
        "nmsdyn_s0040/events", "nmsdyn_s0040/free",
    }  # fmt: skip
    walks, runs = sets["nmsdyn_s0040/events"], sets["footnet_run_virtual/cycles"]
    assert (walks["n"], walks["missed"], walks["false"]) == (7, 0, 0)
    assert (runs["n"], runs["missed"], runs["false"]) == (54, 0, 0)
    assert abs(walks["ic_bias_ms"]) <= 5
    assert walks["ic_loo_sd_ms"] <= 6
    assert walks["lean_sd_deg"] < walks["trivial"]["lean_sd_deg"]
    assert walks["lean_r"] >= 0.8
    assert abs(runs["ic_bias_ms"]) <= 5
    assert runs["ic_sd_ms"] <= 4
    assert runs["f1"] > runs["trivial"]["f1"]
    free = sets["nmsdyn_s0040/free"]
    assert free["lean_rms_deg"] <= 0.5
    assert free["counts"]["air_squats"][0] == 0
    assert abs(free["counts"]["treadmill_run_slow"][0] - 66) <= 1
    for ours, theirs in sets["broad_subset/orientation"]["inclination_deg"].values():
        assert ours <= 1.5 * theirs
    assert set(sets["adept_ankle_run/refused"]["refused"]) == {"left_ankle", "left_hip"}

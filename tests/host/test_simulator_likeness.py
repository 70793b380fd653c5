# SPDX-License-Identifier: MIT
"""A simulated runner beside the recorded one: loose bounds, so that a change of shape that spoils it is seen."""

import numpy as np
import pytest

from kneesense.simulator.likeness import RECORDED, compare

FACTORS = {"stride time, s": 1.02, "sagittal rate, most, deg/s": 1.15, "sagittal rate, least, deg/s": 1.3}


@pytest.mark.parametrize(("name", "gait"), RECORDED)
def test_one_of_the_same_cadence_looks_alike(data, name, gait):
    rows, correlation = compare(data / "nmsdyn_s0040" / f"{name}.csv.gz", gait, crowd_size=4)
    assert correlation > (0.9 if gait == "run" else 0.2)
    for row in rows:
        real, like = abs(row.recorded[1]), abs(row.alike[1])
        factor = FACTORS.get(row.name, 5 if row.name.startswith("60") else 2.6)
        assert real / factor <= like <= real * factor, row.name
        assert (np.diff(row.crowd) >= 0).all()
        if row.name == "peak resultant, g" and gait == "run":
            assert row.crowd[0] < 1.4 * real

# SPDX-License-Identifier: MIT
"""A program that stands still now and then loses no sample within what its chip promises, and tells of those beyond."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.stalls import measure


@pytest.mark.parametrize(
    ("chip", "load"), [("lsm6dso32", "beyond"), ("mpu6050", "within"), ("mpu6050", "beyond")]
)
def test_stalls(tmp_path: Path, chip: str, load: str) -> None:
    result = measure(chip, load, 30, tmp_path)
    assert result.ok, result
    assert result.stalls > 20
    assert result.strides >= result.true_strides - 2 * result.gaps - 1

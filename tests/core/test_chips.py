# SPDX-License-Identifier: MIT
"""The table of chips agrees with their codes on the wire."""

import pytest

from kneecore import chips, wire


def test_a_chips_index_is_its_code_on_the_wire():
    assert tuple(chip.name for chip in chips.TABLE) == wire.CHIPS


def test_a_chip_is_found_by_name_and_an_unknown_one_refused():
    assert chips.find("mpu6050").rate_hz == 500
    for name in ("unknown", "mpu9999", ""):
        with pytest.raises(ValueError, match="one of mpu6050"):
            chips.find(name)

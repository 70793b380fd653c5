# SPDX-License-Identifier: MIT
"""Every firmware file compiles for the ESP32, and the check notices one that does not."""

import pytest

from checks.firmware_compiles import FIRMWARE, files, problem


@pytest.mark.parametrize("path", files(), ids=lambda path: str(path.relative_to(FIRMWARE)))
def test_compiles_for_the_esp32(path):
    assert problem(path) is None


@pytest.mark.parametrize(
    "code",
    [
        "def f(:",
        "import micropython\n@micropython.natve\ndef f():\n    pass",
        "import micropython\n@micropython.viper\ndef f(a: int):\n    return a + 'text'",
    ],
)
def test_a_file_that_does_not_compile_is_found(tmp_path, code):
    path = tmp_path / "bad.py"
    path.write_text(code)
    assert "Error" in problem(path)

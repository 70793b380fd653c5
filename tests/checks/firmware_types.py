# SPDX-License-Identifier: MIT
"""Type-checks the firmware against the modules of MicroPython on the ESP32 (second run of mypy).

The stubs replace CPython's whole standard library, so they must not lie on the path of the host's run: this script
lays links to them in a folder of their own, `typings` in the virtual environment.  `follow_imports_for_stubs` keeps
mypy from reporting the stubs' own inconsistencies.

Parameters may stay without a type: the device has no protocols or generics to name "anything with read_into(buf)".
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

FIRMWARE = Path(__file__).parents[2] / "firmware"
STUBS = ("micropython-esp32-stubs", "micropython-stdlib-stubs")
CONFIG = """
[mypy]
check_untyped_defs = True
strict_equality = True
warn_unused_ignores = True
custom_typeshed_dir = {typings}
mypy_path = {firmware}:{typings}:{typings}/stdlib
explicit_package_bases = True
follow_imports = silent
follow_imports_for_stubs = True
"""


def lay_typings(folder: Path) -> None:
    """Links to the installed stub files, as a folder that mypy takes for the standard library."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in STUBS:
        installed = distribution(name)
        for file in installed.files or ():
            if file.suffix == ".pyi" or file.name == "VERSIONS":
                link = folder / file
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(installed.locate_file(file))
    (folder / "stubs").mkdir(exist_ok=True)


def main() -> int:
    typings = Path(sys.prefix) / "typings"
    lay_typings(typings)
    targets = [
        path for path in FIRMWARE.rglob("*.py") if "kneecore" not in path.parts
    ]  # the host's run has that
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mypy.ini"
        config.write_text(CONFIG.format(typings=typings, firmware=FIRMWARE))
        cache = os.devnull  # the stubs' cache would be mixed with the host's
        command = [sys.executable, "-m", "mypy", "--config-file", config, "--cache-dir", cache, *targets]
        return subprocess.run(command).returncode


if __name__ == "__main__":
    sys.exit(main())

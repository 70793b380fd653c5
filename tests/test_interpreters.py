# SPDX-License-Identifier: MIT
"""The runner of portable scripts, and the facts about the interpreters that the tests lean on."""

import pytest

from interpreters import CPYTHON, DESKTOP, MICROPYTHONS, WASM, ScriptError, heap_growth, missing, run


@pytest.fixture(params=(CPYTHON, *MICROPYTHONS))
def interpreter(request):
    if reason := missing(request.param):
        pytest.skip(reason)
    return request.param


def needs(interpreter):
    return pytest.mark.skipif(bool(missing(interpreter)), reason=missing(interpreter) or "")


def test_a_script_finds_kneecore_and_its_inputs(interpreter, tmp_path):
    (tmp_path / "numbers.txt").write_text("1 2 3")
    script = (
        "import sys\nfrom kneecore import wire\nprint(wire.MAJOR, open(sys.path[0] + '/numbers.txt').read())"
    )
    assert run(interpreter, script, tmp_path) == "1 1 2 3\n"


def test_a_script_that_raises_is_an_error_with_its_traceback(interpreter):
    with pytest.raises(ScriptError, match=r"(?s)printed.*ValueError: 3"):
        run(interpreter, "print('printed')\nraise ValueError(3)")


def test_a_script_that_leaves_early_is_an_error(interpreter):
    with pytest.raises(ScriptError):
        run(interpreter, "raise SystemExit(1)")


ADD_ONE = "big = [2**30 - 1]\ndef step(i):\n    return big[0] + 1\n"


@needs(WASM)
def test_the_31_bit_interpreter_allocates_for_a_number_of_31_bits():
    assert heap_growth(WASM, ADD_ONE, warm=1, count=10) >= 10 * 8


@needs(DESKTOP)
def test_the_64_bit_interpreter_does_not():
    assert heap_growth(DESKTOP, ADD_ONE, warm=1, count=10) == 0


@pytest.mark.parametrize("interpreter", MICROPYTHONS, indirect=True)
def test_what_a_step_allocates_is_counted_even_if_it_is_dropped(interpreter):
    assert heap_growth(interpreter, "def step(i):\n    bytearray(64)\n", warm=1, count=10) >= 640
    assert heap_growth(interpreter, "def step(i):\n    return i + 1\n", warm=1, count=10) == 0


@needs(DESKTOP)
def test_native_and_viper_are_compiled_by_the_desktop_interpreter():
    code = """
import micropython
@micropython.viper
def wraps(a: int) -> int:
    return a * a
@micropython.native
def wide(a):
    return a * a
print(wraps(1 << 40), wide(1 << 40))
"""
    assert run(DESKTOP, code) == f"0 {1 << 80}\n"  # viper's integers are the machine's

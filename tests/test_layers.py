# SPDX-License-Identifier: MIT
"""Who may import whom, and what the pure part may not contain.  Each rule is also shown a line that breaks it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FIRMWARE = ROOT / "firmware"
HOST = ROOT / "host" / "kneesense"

# A layer imports its own and those before it.
LAYERS = ("kneecore", "drivers", "tasks", "main")
TOP = ("main.py", "boot.py", "parts.py", "safe")  # programs, and what they share
PURE_IMPORTS = {"array", "binascii", "collections", "micropython", "struct"}
SWITCHES = {"native", "viper"}


def imports(tree):
    """(line, dotted name, dots of a relative import) of every import that runs; those for type checkers do not."""
    for_checkers = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if node in for_checkers:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, 0
        elif isinstance(node, ast.ImportFrom):
            base = f"{node.module}." if node.module else ""
            for alias in node.names:
                yield node.lineno, base + alias.name, node.level


def upward_imports(tree, layer):
    above = {*LAYERS[LAYERS.index(layer) + 1 :], "boot", "safe"} | (
        {"pins", "parts"} if layer != "main" else set()
    )
    for line, name, dots in imports(tree):
        if not dots and (name.split(".")[0] in {*above, "kneesense"}):
            yield f"{line}: {layer} imports {name}"


def impure(tree):
    for line, name, dots in imports(tree):
        if not dots and name.split(".")[0] not in PURE_IMPORTS:
            yield f"{line}: imports {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            yield f"{node.lineno}: float {node.value}"
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div):
            yield f"{node.lineno}: true division"
        elif isinstance(node, ast.Name) and node.id in {
            "float",
            "print",
            "open",
            "eval",
            "exec",
            "__import__",
        }:
            yield f"{node.lineno}: {node.id}"
        elif isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield f"{node.lineno}: asynchronous"


def misspelt_switches(tree):
    """The compiler knows `@micropython.native` by its text only: any other way to it is silently plain Python."""
    spelled = set()
    for node in ast.walk(tree):
        for decorator in getattr(node, "decorator_list", ()):
            if ast.unparse(decorator) in {f"micropython.{name}" for name in SWITCHES}:
                spelled.add(decorator)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in SWITCHES and node not in spelled:
            yield f"{node.lineno}: {ast.unparse(node)} is no decorator"
        elif isinstance(node, ast.Name) and node.id in SWITCHES:
            yield f"{node.lineno}: {node.id} without micropython."
        elif isinstance(node, ast.ImportFrom) and node.module == "micropython":
            for alias in node.names:
                if alias.name in SWITCHES:
                    yield f"{node.lineno}: imports {alias.name}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                if (alias.name == "micropython" and alias.asname) or alias.asname in SWITCHES:
                    yield f"{node.lineno}: {alias.name} as {alias.asname}"


def device_imports(tree):
    """The host shares kneecore and nothing else; only the command line knows the command line."""
    for line, name, dots in imports(tree):
        if not dots and name.split(".")[0] in {*LAYERS[1:], "boot", "pins", "tests"}:
            yield f"{line}: imports {name}"


def cli_imports(tree):
    for line, name, dots in imports(tree):
        parts = name.split(".")
        if parts[:2] == ["kneesense", "cli"] or (dots and parts[0] == "cli"):
            yield f"{line}: imports {name}"


def sources(folder, *but):
    return [path for path in sorted(folder.rglob("*.py")) if not set(but) & {*path.parts, path.name}]


def parametrize(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(ROOT)))


def tree_of(path):
    return ast.parse(path.read_text())


def layer_of(path):
    first = path.relative_to(FIRMWARE).parts[0]
    return {"pins.py": "kneecore"}.get(first, "main" if first in TOP else first)


@parametrize(sources(FIRMWARE, "_cpython.py"))
def test_firmware_imports_only_downwards(path):
    assert list(upward_imports(tree_of(path), layer_of(path))) == []


@parametrize(sources(FIRMWARE / "kneecore", "_cpython.py"))
def test_kneecore_is_pure(path):
    assert list(impure(tree_of(path))) == []


@parametrize(sources(FIRMWARE, "_cpython.py"))
def test_compiler_switches_are_spelled_as_the_compiler_reads_them(path):
    assert list(misspelt_switches(tree_of(path))) == []


def called_in(tree, function):
    """What a function of a module calls, as written."""
    (found,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == function)
    return {ast.unparse(node.func) for node in ast.walk(found) if isinstance(node, ast.Call)}


def test_the_radio_s_interrupt_copies_and_notes_and_does_nothing_that_waits():
    """Lent data are copied; files, the bus and the stack itself are for the task.  kneecore.trust is pure."""
    calls = called_in(tree_of(FIRMWARE / "tasks" / "radio.py"), "_irq")
    assert calls - {"bytes", "self._flag.set"} == {
        f"self._trust.{name}"
        for name in ("get_secret", "set_secret", "connected", "disconnected", "encryption")
    }


@parametrize(sources(HOST, "standins"))
def test_the_host_shares_only_kneecore(path):
    assert list(device_imports(tree_of(path))) == []


@parametrize(sources(HOST, "cli", "__main__.py"))
def test_nothing_but_the_command_line_imports_it(path):
    assert list(cli_imports(tree_of(path))) == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (lambda tree: upward_imports(tree, "kneecore"), "from drivers.mpu6050 import Mpu6050"),
        (lambda tree: upward_imports(tree, "drivers"), "import tasks.sampler"),
        (lambda tree: upward_imports(tree, "tasks"), "import pins"),
        (lambda tree: upward_imports(tree, "tasks"), "from main import device"),
        (lambda tree: upward_imports(tree, "tasks"), "from parts import make_bus"),
        (lambda tree: upward_imports(tree, "main"), "import kneesense.store"),
        (impure, "import time"),
        (impure, "def f():\n    from machine import Pin"),
        (impure, "x = 0.5"),
        (impure, "x = a / b"),
        (impure, "x /= 2"),
        (impure, "x = float(y)"),
        (impure, "print(x)"),
        (impure, "async def f(): pass"),
        (misspelt_switches, "from micropython import native\n@native\ndef f(): pass"),
        (misspelt_switches, "import micropython as mp\n@mp.native\ndef f(): pass"),
        (misspelt_switches, "import micropython\nfast = micropython.viper"),
        (misspelt_switches, "@native\ndef f(): pass"),
        (device_imports, "from drivers import motor"),
        (cli_imports, "from kneesense.cli import app"),
        (cli_imports, "from .cli.app import main"),
        (cli_imports, "from . import cli"),
    ],
)
def test_the_rule_finds(rule, code):
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import micropython\n@micropython.native\ndef f(a):\n    return a // 2",
        "try:\n    import micropython\nexcept ImportError:\n    from . import _cpython as micropython",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from typing import Any",
        "from micropython import const",
    ],
)
def test_the_rules_allow(code):
    tree = ast.parse(code)
    assert [*impure(tree), *upward_imports(tree, "kneecore")] == []
    if "_cpython" not in code:
        assert list(misspelt_switches(tree)) == []

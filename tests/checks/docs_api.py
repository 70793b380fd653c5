# SPDX-License-Identifier: MIT
"""Writes the reference of what other programs may import, from its docstrings: `docs_api.py FOLDER` (make docs).

What is not listed here is the product's inside and may change.
"""

import ast
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

PUBLIC = {
    "kneesense": "the names most programs need, from one place",
    "kneesense.alerts": "what a runner must hear of at once, out of a run's records",
    "kneesense.answers": "what a unit answers",
    "kneesense.api": "runs as numpy arrays, and the unit's own code on them",
    "kneesense.ble": "units over Bluetooth LE",
    "kneesense.bus": "what a session learns, as it happens",
    "kneesense.calibration": "how a unit sits on the leg",
    "kneesense.device": "a unit as an object, over any link",
    "kneesense.errors": "what may go wrong, each with its next step",
    "kneesense.frames": "records of a unit's log",
    "kneesense.link": "what a connection must offer",
    "kneesense.outlets": "ways for alerts beyond the terminal",
    "kneesense.player": "the unit's signal processing over a whole recording",
    "kneesense.recording": "recordings as files",
    "kneesense.records": "the records of docs/contract.md",
    "kneesense.replay": "a recording as the unit would have logged it",
    "kneesense.selfcal": "a calibration from a recording itself",
    "kneesense.session": "one run, from connecting to its end",
    "kneesense.simulator": "simulated runners with truth",
    "kneesense.store": "the file of all runs",
    "kneesense.stored": "a run out of that file",
    "kneecore.chips": "inertial chips and their scales",
    "kneecore.gatt": "the Bluetooth service",
    "kneecore.pipeline": "from raw counts to strides and cues",
    "kneecore.settings": "the unit's settings with their ranges",
    "kneecore.told": "what a pipeline tells, as records",
    "kneecore.wire": "bytes between unit and computer",
}


def source(module: str) -> Path:
    name = module.replace(".", "/")
    found = [
        path
        for folder in ("host", "firmware")
        for path in (ROOT / folder / f"{name}.py", ROOT / folder / name / "__init__.py")
        if path.is_file()
    ]
    return found[0]


def undocumented(module: str) -> Iterator[str]:
    """Public names without a docstring."""
    tree = ast.parse(source(module).read_text())
    if not ast.get_docstring(tree):
        yield module
    yield from _without(tree, module)


def _without(node: ast.Module | ast.ClassDef, name: str) -> Iterator[str]:
    for child in node.body:
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        if child.name.startswith("_"):
            continue
        if not ast.get_docstring(child):
            yield f"{name}.{child.name}"
        if isinstance(child, ast.ClassDef):
            yield from _without(child, f"{name}.{child.name}")


def build(folder: Path) -> None:
    import pdoc

    warnings.filterwarnings(
        "ignore", "Error parsing type annotation"
    )  # array[int] is one only from Python 3.12 on
    import kneesense

    for name in kneesense.__all__:
        setattr(
            kneesense, name, getattr(kneesense, name)
        )  # they load on first use, which pdoc does not wait for
    pdoc.render.configure(show_source=False)
    first, *others = PUBLIC
    pdoc.pdoc(first, rf"!{first}\.", *others, output_directory=folder)
    pages = [folder / f"{module.replace('.', '/')}.html" for module in PUBLIC]
    missing = [str(page) for page in pages if not page.is_file()]
    if missing:
        raise SystemExit(f"not written: {missing}")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "host"), str(ROOT / "firmware")]
    target = Path(sys.argv[1])
    build(target)
    print(f"{len(PUBLIC)} modules: {target / 'index.html'}")

# SPDX-License-Identifier: MIT
"""Puts the firmware on a unit over its serial line, whole or not at all (docs/decisions/0011-flash-and-deploy.md).

The new program is gathered in `new`; what the unit has already is copied there by itself.  When every hash read back is
right one rename makes it `next`, and firmware/boot.py moves it in.  If it does not say its version then, the same way
brings the program back that was there before.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from . import program
from .errors import DeployFailed, KneesenseError
from .repl import Repl, printable

_CHUNK = 768  # bytes of a file in one piece of code: with its text some 4 KB of the unit's memory
_BLOCK = 4096  # of the file system: a file takes at least one
_SPARE_BYTES = 16 * _BLOCK  # folders, settings
COME_UP_S = 45.0  # moving in, importing; boot.py gives up on it after 30
_RAISED = re.compile(r"^\w*(?:Error|Exception|Interrupt)\b.*$", re.MULTILINE)
_DEAD = re.compile(r"^(?:no sensor|no motor|sensor refused)\b.*$", re.MULTILINE)
_UP = re.compile(r"kneesense (\d+\.\d+\.\d+) (runs|in safe mode)")

_HELPERS = """
import os, sys
from binascii import a2b_base64, hexlify
from hashlib import sha256
def _ls(d):
    try: return list(os.ilistdir(d))
    except OSError: return []
def _sum(p):
    h = sha256()
    with open(p, 'rb') as f:
        while True:
            b = f.read(512)
            if not b: return hexlify(h.digest()).decode()
            h.update(b)
def _tree(d, r):
    for e in _ls(d or '.'):
        p = (d + '/' if d else '') + e[0]
        if e[1] & 0x4000:
            if e[0][0] != '.' and (d or e[0] not in ('new', 'next', 'old', 'entering', 'lib')): _tree(p, r)
        elif p.endswith('.py') or p.endswith('.mpy'): r[p] = _sum(p)
    return r
def _rm(d):
    for e in _ls(d):
        if e[1] & 0x4000: _rm(d + '/' + e[0])
        else: os.remove(d + '/' + e[0])
    try: os.rmdir(d)
    except OSError: pass
def _dirs(p):
    s = p.split('/')
    for n in range(1, len(s)):
        try: os.mkdir('/'.join(s[:n]))
        except OSError: pass
def _cp(a, b):
    _dirs(b)
    with open(a, 'rb') as f, open(b, 'wb') as g:
        while True:
            d = f.read(512)
            if not d: break
            g.write(d)
"""

Told = Callable[[int, int], None]


@dataclass(frozen=True)
class Deployed:
    """`version` is what the unit itself said after its reset; `dead` its words for parts that do not work."""

    version: str
    files: int
    sent: int
    sent_bytes: int
    dead: tuple[str, ...] = ()


def deploy(repl: Repl, source: Path, told: Told = lambda done, total: None) -> Deployed:
    """Bring the tree on the unit.  Raises DeployFailed when it does not run it afterwards."""
    repl.enter()
    with _given_back(repl):
        mpy = repl.ask("import sys\nprint(getattr(sys.implementation, '_mpy', 0))", int)
        tree = program.built(source, program.arch_of(mpy))
    return put(repl, tree, told)


def put(repl: Repl, tree: Mapping[str, bytes], told: Told = lambda done, total: None) -> Deployed:
    """As deploy, of a tree as it is to lie there, on a unit that has been taken over."""
    wanted = {name: hashlib.sha256(content).hexdigest() for name, content in tree.items()}
    with _given_back(repl):
        repl.run(_HELPERS)
        had = repl.ask("import json\nprint(json.dumps(_tree('', {})))", dict, 60)
        if had == wanted:
            repl.reset()
            version, dead = _came_up(repl, "it has this program already")
            return Deployed(version, len(tree), 0, 0, dead)
        sent = _gather(repl, tree, wanted, had, told)
    _commit(repl, "new")
    try:
        version, dead = _came_up(repl, "there was no program before it")
    except DeployFailed as failed:
        if "main.py" not in had:
            raise
        raise DeployFailed(failed.what, _roll_back(repl)) from None
    return Deployed(version, len(tree), len(sent), sum(len(tree[name]) for name in sent), dead)


@contextmanager
def _given_back(repl: Repl) -> Iterator[None]:
    """Whatever ends it, Ctrl-C too: the unit was taken over, and starts its own program again."""
    try:
        yield
    except BaseException:
        with suppress(KneesenseError):
            repl.reset()
        raise


def _gather(
    repl: Repl, tree: Mapping[str, bytes], wanted: Mapping[str, str], had: Mapping[str, str], told: Told
) -> list[str]:
    """All of it into `new`, with the right hashes.  What came over the line."""
    for folder in ("next", "entering", "old"):  # boot.py has finished with these
        repl.run(f"_rm({folder!r})", 60)
    begun = repl.ask("print(json.dumps(_tree('new', {})))", dict, 60)
    there = {name.removeprefix("new/"): digest for name, digest in begun.items()}
    for name in set(there) - set(wanted):
        repl.run(f"os.remove({'new/' + name!r})")
    missing = [name for name in sorted(tree) if there.get(name) != wanted[name]]
    sent = [name for name in missing if had.get(name) != wanted[name]]
    need = sum(-(-len(tree[name]) // _BLOCK) * _BLOCK for name in missing) + _SPARE_BYTES
    free = repl.ask("s = os.statvfs('/')\nprint(s[1] * s[4])", int)
    if free < need:
        raise DeployFailed(
            f"{free // 1024} KB are free in the unit's file system, {need // 1024} are needed",
            "nothing was changed",
            "kneesense flash makes a new file system of the right size",
        )
    total = sum(len(tree[name]) for name in sent)
    done = 0
    for name in missing:
        if name not in sent:
            repl.run(f"_cp({name!r}, {'new/' + name!r})")
            continue
        _send(repl, "new/" + name, tree[name], lambda n, before=done: told(before + n, total))  # type: ignore[misc]
        done += len(tree[name])
    back = repl.ask("print(json.dumps(_tree('new', {})))", dict, 60)
    wrong = [name for name in sorted(tree) if back.get("new/" + name) != wanted[name]]
    if wrong:
        raise DeployFailed(
            f"{len(wrong)} files read back wrong, the first {wrong[0]}",
            "its program was not touched",
            "try again with another cable or port",
        )
    return sent


def _send(repl: Repl, path: str, content: bytes, told: Callable[[int], None]) -> None:
    repl.run(f"_dirs({path!r})\nf = open({path!r}, 'wb')")
    for at in range(0, len(content), _CHUNK):
        text = binascii.b2a_base64(content[at : at + _CHUNK], newline=False).decode()
        repl.run(f"f.write(a2b_base64('{text}'))")
        told(min(at + _CHUNK, len(content)))
    repl.run("f.close()")


def _commit(repl: Repl, folder: str) -> None:
    """From the rename on it is this program that the unit will run."""
    repl.run("_rm('old')\nos.mkdir('old')")
    repl.run("if 'boot.py' in os.listdir(): _cp('boot.py', 'old/boot.py')")
    repl.run(f"_cp('{folder}/boot.py', 'boot.new')")
    repl.run(f"os.rename('{folder}', 'next')")
    repl.run("os.rename('boot.new', 'boot.py')")
    repl.reset()


def _came_up(repl: Repl, on_unit: str) -> tuple[str, tuple[str, ...]]:
    """The version that it says, and what it says of dead parts."""
    said = repl.told(COME_UP_S, " runs", " in safe mode", "\n>>> ")
    found = _UP.search(said)
    if found and found[2] == "runs":
        return found[1], tuple(line.strip() for line in _DEAD.findall(said))
    errors = _RAISED.findall(said)
    if found:
        why = "is in safe mode"
    elif errors:
        why = f"its program ended with {errors[-1].strip()}"
    else:
        why = f"did not say its version within {COME_UP_S:.0f} s; what came: {printable(said.encode()) or 'nothing'}"
    raise DeployFailed(f"the unit was reset and {why}", on_unit)


def _roll_back(repl: Repl) -> str:
    """What the unit has after that."""
    try:
        repl.enter()
        repl.run(_HELPERS)
        repl.run("_rm('new')\nos.rename('old', 'new')")
        _commit(repl, "new")
        return f"it is back on {_came_up(repl, 'its old program')[0]}"
    except KneesenseError as error:
        return f"bringing its old program back failed too: {error}"

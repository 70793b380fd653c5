# SPDX-License-Identifier: MIT
"""Interval arithmetic over the source of a viper function: what each of its expressions can be, line by line.

`prove` walks the syntax tree with intervals for values.  Every result of an operator must lie within 31 bits, every
word stored within the range declared for its array.  A loop over samples is proved by induction: what it carries from
one sample to the next is given a declared range, and must be back in it at the end of the body.  Loops of a fixed
number of turns are unrolled.

Limits: no relation between variables is known; a comparison narrows the variable on its left, for the branch.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

LOW, HIGH = -(1 << 30), (1 << 30) - 1
Range = tuple[int, int]
Known = dict[str, "Range | Words"]


class Unproved(AssertionError):
    """A line whose result may leave its range."""


@dataclass
class Words:
    """An array: the range of each word, or one for all.  `sums`: words only ever added to, so many times at most."""

    ranges: dict[int, Range] | Range
    sums: dict[int, int] | None = None

    def load(self, index: Range) -> Range:
        low, high = self._over(index)
        return low, high

    def accepts(self, index: Range, value: Range) -> bool:
        low, high = self._over(index)
        return low <= value[0] and value[1] <= high

    def _over(self, index: Range) -> Range:
        if isinstance(self.ranges, tuple):
            return self.ranges
        parts = [self.ranges[i] for i in range(index[0], index[1] + 1)]
        return min(low for low, _ in parts), max(high for _, high in parts)


_COMPARE: dict[type[ast.cmpop], Callable[[Range, Range], Range]] = {  # the left side, if it is true
    ast.Gt: lambda a, b: (max(a[0], b[0] + 1), a[1]),
    ast.GtE: lambda a, b: (max(a[0], b[0]), a[1]),
    ast.Lt: lambda a, b: (a[0], min(a[1], b[1] - 1)),
    ast.LtE: lambda a, b: (a[0], min(a[1], b[1])),
    ast.Eq: lambda a, b: (max(a[0], b[0]), min(a[1], b[1])),
    ast.NotEq: lambda a, b: a,
}
_NOT: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
}  # fmt: skip


class _Walk:
    def __init__(self, module: ModuleType, known: Known, carried: dict[str, Range], counts: set[str]) -> None:
        self.module, self.carried, self.counts = module, carried, counts
        self.values: dict[str, Any] = dict(known)
        self.line = 0
        self.widest = 0

    # expressions

    def value(self, node: ast.expr) -> Range:
        match node:
            case ast.Constant():
                return node.value, node.value
            case ast.Name():
                found = self.values.get(node.id)
                if found is None:
                    constant = getattr(self.module, node.id)
                    return constant, constant
                return found
            case ast.Subscript():
                return self.values[node.value.id].load(self.value(node.slice))
            case ast.UnaryOp(op=ast.USub()):
                low, high = self.value(node.operand)
                return self._checked((-high, -low), node)
            case ast.BinOp():
                return self._checked(self._operate(node), node)
            case ast.IfExp():
                return self._join(
                    [
                        self._under(node.test, holds, branch)
                        for holds, branch in ((True, node.body), (False, node.orelse))
                    ]
                )
        raise NotImplementedError(ast.unparse(node))

    def _operate(self, node: ast.BinOp) -> Range:
        (a, b), (c, d) = self.value(node.left), self.value(node.right)
        match node.op:
            case ast.Add():
                return a + c, b + d
            case ast.Sub():
                return a - d, b - c
            case ast.Mult():
                products = (a * c, a * d, b * c, b * d)
                return min(products), max(products)
            case ast.RShift():
                shifted = (a >> c, a >> d, b >> c, b >> d)
                return min(shifted), max(shifted)
            case ast.LShift():
                shifted = (a << c, a << d, b << c, b << d)
                return min(shifted), max(shifted)
            case ast.FloorDiv() if c == d > 0:
                return a // c, b // c
            case ast.BitAnd() if c >= 0:
                return 0, d
            case ast.BitOr() | ast.BitXor() if a >= 0 and c >= 0:
                return 0, (1 << max(b, d).bit_length()) - 1
        raise NotImplementedError(ast.unparse(node))

    def _checked(self, found: Range, node: ast.expr) -> Range:
        if not (found[0] >= LOW and found[1] <= HIGH):
            raise Unproved(f"line {self.line}: {ast.unparse(node)} may be {found[0]}..{found[1]}")
        self.widest = max(self.widest, abs(found[0]), abs(found[1]))
        return found

    def _under(self, test: ast.expr, holds: bool, branch: ast.expr) -> Range | None:
        before = dict(self.values)
        found = self.value(branch) if self.narrow(test, holds) else None
        self.values = before
        return found

    @staticmethod
    def _join(parts: list[Range | None]) -> Range:
        there = [part for part in parts if part is not None]
        return min(low for low, _ in there), max(high for _, high in there)

    # conditions

    def narrow(self, test: ast.expr, holds: bool) -> bool:
        """Narrow what the test being true or false says; False if it cannot be so."""
        match test:
            case ast.BoolOp():
                all_known = isinstance(test.op, ast.And) is holds
                if not all_known:
                    return True
                return all(self.narrow(part, holds) for part in test.values)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                kind = type(op) if holds else _NOT[type(op)]
                narrowed = _COMPARE[kind](self.value(left), self.value(right))
                if narrowed[0] > narrowed[1]:
                    return False
                if isinstance(left, ast.Name) and left.id in self.values:
                    self.values[left.id] = narrowed
                return True
        self.value(test)
        return True

    # statements

    def run(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.line = statement.lineno
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Return():
                if node.value:
                    self.value(node.value)
            case ast.Assign(targets=[target]):
                self.store(target, self.value(node.value))
            case ast.AugAssign():
                load = ast.parse(ast.unparse(node.target), mode="eval").body
                self.store(node.target, self.value(ast.BinOp(load, node.op, node.value)), adding=node)
            case ast.If():
                self._branches(node)
            case ast.For() | ast.While():
                self._loop(node)
            case _:
                raise NotImplementedError(ast.unparse(node))

    def store(self, target: ast.expr, found: Range, adding: ast.AugAssign | None = None) -> None:
        if isinstance(target, ast.Name):
            self.values[target.id] = found
            return
        words, index = self.values[target.value.id], self.value(target.slice)  # type: ignore[attr-defined]
        times = (words.sums or {}).get(index[0])
        if adding and times:  # by induction over the additions: each is at most a part of the whole
            low, high = self.value(adding.value)
            found = low * times, high * times
        if not words.accepts(index, found):
            raise Unproved(
                f"line {self.line}: {ast.unparse(target)} = {found[0]}..{found[1]} leaves its range"
            )

    def _branches(self, node: ast.If) -> None:
        before, after = dict(self.values), []
        for holds, body in ((True, node.body), (False, node.orelse)):
            self.values = dict(before)
            if self.narrow(node.test, holds):
                self.run(body)
                after.append(self.values)
        if not after:
            return
        self.values = {
            name: after[0][name]
            if isinstance(after[0][name], Words)
            else self._join([one[name] for one in after])
            for name in after[0]
            if all(name in one for one in after)
        }

    def _loop(self, node: ast.For | ast.While) -> None:
        if isinstance(node, ast.For):
            bounds = [self.value(part) for part in node.iter.args]  # type: ignore[attr-defined]
            if all(low == high for low, high in bounds):
                for i in range(*(low for low, _ in bounds)):
                    self.values[node.target.id] = (i, i)  # type: ignore[attr-defined]
                    self.run(node.body)
                return
            assert len(bounds) == 1
            self.values[node.target.id] = (0, max(bounds[0][1] - 1, 0))  # type: ignore[attr-defined]
        assigned = {
            name.id for part in node.body for name in ast.walk(part)
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
        }  # fmt: skip
        held = {name: self.carried[name] for name in assigned if name in self.carried}
        steps = _counters(node.body, assigned - set(held))
        turns = bounds[0][1] if isinstance(node, ast.For) else self.values["count"][1]
        for name, step in steps.items():
            low, high = self.values[name]
            self.values[name] = low, high + step * (turns - 1)
        for name, wide in held.items():
            start = self.values.get(name, wide)
            if not (wide[0] <= start[0] and start[1] <= wide[1]):
                raise Unproved(f"line {node.lineno}: {name} enters the loop as {start}, not within {wide}")
            self.values[name] = wide
        for name in (
            assigned - set(held) - set(steps)
        ):  # made anew in each turn: a read before that is an error
            self.values.pop(name, None)
        if isinstance(node, ast.While):
            self.narrow(node.test, True)
        self.run(node.body)
        for name, wide in held.items():
            low, high = self.values[name]
            if not (wide[0] <= low and high <= wide[1] + (name in self.counts)):
                raise Unproved(
                    f"line {node.lineno}: {name} = {low}..{high} at the end of a turn, not within {wide}"
                )
            self.values[name] = wide


def _counters(body: list[ast.stmt], names: set[str]) -> dict[str, int]:
    """Variables that grow by one constant a turn, and by which."""
    steps = {
        part.target.id: part.value.value
        for part in body
        if isinstance(part, ast.AugAssign) and isinstance(part.op, ast.Add)
        and isinstance(part.target, ast.Name) and isinstance(part.value, ast.Constant)
    }  # fmt: skip
    stores = [
        name.id for part in body for name in ast.walk(part)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]  # fmt: skip
    return {name: step for name, step in steps.items() if name in names and stores.count(name) == 1}


def prove(
    function: Callable[..., Any],
    known: Known,
    carried: dict[str, Range] | None = None,
    counts: set[str] = frozenset(),
) -> int:
    """The largest size of any result.

    `known`: ranges of the arguments; `carried`: of what the loops carry on; `counts`: those of them that count samples
    of the run, so that their range is that of the longest run.
    """
    lines, first = inspect.getsourcelines(function)
    tree = ast.increment_lineno(ast.parse(textwrap.dedent("".join(lines))).body[0], first - 1)
    assert isinstance(tree, ast.FunctionDef)
    walk = _Walk(inspect.getmodule(function), known, carried or {}, counts)  # type: ignore[arg-type]
    walk.run(tree.body)
    return walk.widest

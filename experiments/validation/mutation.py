"""Change one sign, number or word of the kernel and of the statistics at a time, and see whether a test notices.

python -m experiments.validation.mutation [--only engine.tables pilot.ratios] [--every 1]

The changes are Cosmic Ray's (`make mutation` installs it). Each mutant lives in the memory of one forked process; no
file is touched. The kernel runs as plain Python on golden, documented and random cases
(tests/engine/interpreted.py), the statistics under
their own tests. Survivors stand in mutation.md, each with what we think of it (mutation_judged.yaml).
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from experiments.validation.machine import said

ROOT = Path(__file__).resolve().parents[2]
OUT, PAGE, JUDGED = (Path(__file__).with_name(f"mutation{end}") for end in (".json", ".md", "_judged.yaml"))

_PILOT = ("tests/pilot/test_statistics.py", "tests/pilot/test_referees.py")
STATISTICS: Mapping[str, tuple[str, ...]] = {
    "money": (),
    "pilot.ratios": _PILOT,
    "pilot.linear": _PILOT,
    "pilot.multiple": _PILOT,
    "pilot.sequential": _PILOT,
    "projection.estimates": ("tests/projection/test_estimates.py",),
    "projection.standard_errors": ("tests/projection/test_estimates.py",),
}
"""Module -> the tests that must notice its mutants, besides the examples of the module."""
KERNEL = ("engine.numeric", "engine.tables", "engine.lane_rates", "engine.lane_deals", "engine.lane_balances",
          "engine.machine", "engine.machine_seldom", "engine.kernel")  # fmt: skip
OPERATORS = (
    *(f"ReplaceBinaryOperator_{pair}" for pair in (
        "Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Mul", "Mod_Mul", "Pow_Mul", "BitAnd_BitOr", "BitOr_BitAnd")),
    *(f"ReplaceComparisonOperator_{pair}" for pair in ("Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq")),
    "ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot",
    "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak",
    "NumberReplacer", "ZeroIterationForLoop",
)  # fmt: skip
"""One replacement of each sign, a number by both its neighbours; Cosmic Ray knows more of each kind."""
RANDOM = 12
"""Random schemes of each focus that the kernel's mutants pay beside the golden cases and the documented ones."""
PATIENCE = 300
"""Seconds of processor time after which a mutant that does not come back counts as noticed."""


@dataclass(frozen=True)
class Mutant:
    """One change.

    Attributes:
        module: Its module, below incentive_lab.
        line: Where.
        before: The line.
        after: The line as changed.
        source: The whole module as changed.
    """

    module: str
    line: int
    before: str
    after: str
    source: str

    @property
    def name(self) -> str:
        """What tells it from the others over changes elsewhere in the module."""
        return f"{self.module}: {self.before} -> {self.after}"


def mutants(module: str, every: int = 1) -> Iterator[Mutant]:
    """One in so many changes of a module that is neither in an annotation, a decorator nor a docstring, each text once."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    code = path_of(module).read_text(encoding="utf-8")
    skipped, tree, seen = _not_run(code), get_ast(code), {code}
    operators = {name: get_operator(f"core/{name}")() for name in OPERATORS}
    places = [
        (operator, occurrence, line)
        for operator in operators.values()
        for occurrence, ((line, _), _) in enumerate(
            place for node in ast_nodes(tree) for place in operator.mutation_positions(node)
        )
        if line not in skipped
    ]
    for operator, occurrence, line in places[::every]:
        changed = mutate_code(code, operator, occurrence)
        if changed is None or changed in seen:
            continue
        seen.add(changed)
        before, after = _difference(code, changed)
        yield Mutant(module, line, before, after, changed)


def _not_run(code: str) -> set[int]:
    """Lines of signatures, of decorators and of what stands in a class body."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            lines |= set(range(first, node.body[0].lineno))
        elif isinstance(node, ast.AnnAssign):
            lines |= (
                set(range(node.lineno, (node.annotation.end_lineno or node.lineno) + 1)) if not node.value else set()
            )
        elif isinstance(node, ast.Import | ast.ImportFrom):
            lines.add(node.lineno)
    return lines


def _difference(code: str, changed: str) -> tuple[str, str]:
    told = list(difflib.unified_diff(code.splitlines(), changed.splitlines(), n=0, lineterm=""))[3:]
    return tuple(" ".join(line[1:].strip() for line in told if line[0] == sign) for sign in "-+")  # type: ignore[return-value]


def path_of(module: str) -> Path:
    """The file of a module below incentive_lab."""
    return ROOT / "src" / "incentive_lab" / Path(*module.split(".")).with_suffix(".py")


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
    """Finds one module, with the text of a mutant."""

    def __init__(self, mutant: Mutant) -> None:
        self.name, self.mutant = f"incentive_lab.{mutant.module}", mutant

    def find_spec(
        self, fullname: str, path: object, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return (
            importlib.machinery.ModuleSpec(fullname, self, origin=self.get_filename(fullname))
            if fullname == self.name
            else None
        )

    def get_filename(self, fullname: str) -> str:
        return str(path_of(self.mutant.module))

    def get_data(self, path: str) -> bytes:
        return self.mutant.source.encode()


def dependents(module: str) -> list[str]:
    """Loaded modules of ours that lead to a module by their imports, and the module itself."""
    from tests.house.floors import imports

    ours = {
        name: loaded for name, loaded in sys.modules.items() if name.startswith(("incentive_lab", "tests")) and loaded
    }
    asks: dict[str, set[str]] = {}
    for name, loaded in ours.items():
        file = getattr(loaded, "__file__", None)
        if file:
            asks[name] = {found for found, _ in imports(ast.parse(Path(file).read_text(encoding="utf-8")))}
    reached = {f"incentive_lab.{module}"}
    while True:
        more = {name for name, found in asks.items() if name not in reached and any(
            one in reached or one.rpartition(".")[0] in reached for one in found)}  # fmt: skip
        if not more:
            return sorted(reached)
        reached |= more


def noticed(mutant: Mutant, again: Sequence[str], check: Callable[[], bool]) -> bool:
    """Whether the tests see the mutant, in a process of its own."""
    child = os.fork()
    if child == 0:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1), os.dup2(quiet, 2)
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
            sys.meta_path.insert(0, _Changed(mutant))
            for name in again:
                sys.modules.pop(name, None)
            code = int(check())
        except BaseException:
            code = 1
        os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) != 0


def kernel_differs(cases: list[Any]) -> Callable[[], bool]:
    """Whether the interpreted kernel pays one of these cases otherwise."""

    def check() -> bool:
        from tests.engine.interpreted import differing

        return next(differing(cases), None) is not None

    return check


def tests_fail(module: str, tests: Sequence[str]) -> Callable[[], bool]:
    """Whether an example of the module or one of these tests fails."""

    def check() -> bool:
        import doctest

        import pytest

        if doctest.testmod(importlib.import_module(f"incentive_lab.{module}")).failed:
            return True
        return bool(tests) and pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]) != 0

    return check


def _modules(tests: Sequence[str]) -> Iterator[str]:
    """Test files and their fixtures by dotted name: what is loaded before the fork is not loaded for each mutant."""
    for test in tests:
        name = test.partition("::")[0].removesuffix(".py").replace("/", ".")
        yield from (one for one in (f"{name.rpartition('.')[0]}.conftest", name) if importlib.util.find_spec(one))


def run(module: str, every: int, last: Mapping[str, Any] | None = None) -> dict[str, object]:
    """How many mutants of a module there are, and which survive; of what was tried `last` only its survivors, again."""
    if module in KERNEL:
        from tests.engine import interpreted

        interpreted.without_compiler()
        check = kernel_differs([*interpreted.golden(), *interpreted.documented(), *interpreted.drawn(RANDOM)])
    else:
        for name in (
            "pytest",
            "scipy.stats",
            "scipy.optimize",
            f"incentive_lab.{module}",
            *_modules(STATISTICS[module]),
        ):
            importlib.import_module(name)
        check = tests_fail(module, STATISTICS[module])
    again = dependents(module)
    code = path_of(module).read_text(encoding="utf-8")
    assert not noticed(Mutant(module, 0, "", "", code), again, check), f"{module}: the tests fail without any mutant"
    begun, tried, alive = time.monotonic(), 0, {}
    only = {one["name"] for one in last["survivors"]} if last else None
    for mutant in mutants(module, every if only is None else 1):
        if only is not None and mutant.name not in only - alive.keys():
            continue
        tried += 1
        if not noticed(mutant, again, check):
            one = {"line": mutant.line, "before": mutant.before, "after": mutant.after, "name": mutant.name}
            alive[mutant.name] = one
    print(f"{module}: {tried} mutants, {len(alive)} survive, {time.monotonic() - begun:.0f} s", flush=True)
    survivors = sorted(alive.values(), key=lambda one: one["line"])
    return {"mutants": last["mutants"] if last else tried, "every": every, "survivors": survivors}


def judged() -> Mapping[str, str]:
    """Survivor -> what we think of it."""
    from ruamel.yaml import YAML

    read = YAML(typ="safe").load(JUDGED.read_text(encoding="utf-8")) if JUDGED.exists() else None
    return {one["mutant"]: one["because"] for one in read or ()}


def page(data: Mapping[str, object]) -> str:
    """mutation.md."""
    said, rows, lists = judged(), [], []
    modules: Mapping[str, dict] = data["modules"]  # type: ignore[assignment, type-arg]
    for module, found in modules.items():
        alive, every = found["survivors"], found["every"]
        dead = found["mutants"] - len(alive)
        which = "all" if every == 1 else f"one in {every}"
        rows.append(
            f"| `{module}` | {which} | {found['mutants']} | {dead} | {len(alive)} | {dead / max(found['mutants'], 1):.0%} |"
        )
        if alive:
            lists.append(f"\n## {module}\n")
            lists += [
                f"- line {one['line']}: `{one['before']}` became `{one['after']}`. {said.get(one['name'], 'Not judged.')}"
                for one in alive
            ]
    waiting = [name for name in (*STATISTICS, *KERNEL) if name not in modules]
    everything = sum(found["mutants"] for found in modules.values())
    alive = sum(len(found["survivors"]) for found in modules.values())
    return "\n".join([
        "# What the tests notice", "",
        f"`make mutation` wrote this ({data['at']}, commit {data['commit']}, Python {data['python']}, "
        f"cosmic-ray {data['cosmic_ray']}): {everything:,} changes of one sign, number or word, of which "
        f"{everything - alive:,} are noticed ({(everything - alive) / max(everything, 1):.1%}). "
        "The kernel is tried as plain Python on the golden cases, the examples of docs/scheme.md, exact sums and "
        f"{RANDOM} random schemes of each focus; the 2,000 that `make test` pays are not asked here. A survivor either changes "
        "nothing that can be observed, or is work that is left; each says which.",
        "", "| module | tried | mutants | noticed | survive | noticed |", "| --- | --- | --- | --- | --- | --- |",
        *rows, *([f"\nNot tried yet: {', '.join(f'`{name}`' for name in waiting)}."] if waiting else []), *lists, "",
    ])  # fmt: skip


def main() -> int:
    """Try the modules one after the other, each in a process of its own, and write down what survives."""
    given = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    given.add_argument("--only", nargs="*", default=[*STATISTICS, *KERNEL])
    given.add_argument("--every", type=int, default=1, help="try one mutant in so many")
    given.add_argument("--again", action="store_true", help="try only what survived when it was last tried")
    given.add_argument("--page", action="store_true", help="only write mutation.md anew, as after judging")
    given.add_argument("--one", help=argparse.SUPPRESS)
    asked = given.parse_args()
    data = json.loads(OUT.read_text(encoding="utf-8")) if OUT.exists() else {"modules": {}}
    last = data["modules"] if asked.again else {}
    if asked.one:
        print(json.dumps(run(asked.one, asked.every, last.get(asked.one))), file=sys.__stderr__)
        return 0
    for module in [] if asked.page else [one for one in asked.only if not asked.again or one in last]:
        every = last[module]["every"] if asked.again else asked.every
        data["modules"][module] = _apart(module, every, asked.again)
        data |= {"at": time.strftime("%Y-%m-%d"), "commit": said("git", "rev-parse", "--short", "HEAD"),
                 "python": platform.python_version(), "cosmic_ray": _version()}  # fmt: skip
        data["modules"] = {name: data["modules"][name] for name in (*STATISTICS, *KERNEL) if name in data["modules"]}
        OUT.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(data), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    return 0


def _apart(module: str, every: int, again: bool) -> Any:
    """What `--one` finds, in a process of its own; the kernel's without its compiler."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    if module in KERNEL:
        env["NUMBA_DISABLE_JIT"] = "1"
    done = subprocess.run([sys.executable, "-m", __spec__.name, "--one", module, "--every", str(every), *["--again"] * again],
                          cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, check=False)  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stderr.splitlines()[-1])


def _version() -> str:
    from importlib.metadata import version

    return version("cosmic-ray")


if __name__ == "__main__":
    sys.exit(main())

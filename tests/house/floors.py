"""The floors of docs/architecture.md, and how imports are read from the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "incentive_lab"

FLOORS: dict[str, int] = {
    "home": 1, "errors": 1, "money": 1, "format": 1, "panel": 1, "fiscal": 1, "scheme": 1,
    "engine": 2,
    "history": 3,
    "pilot": 4, "projection": 4,
    "registry": 5, "control": 5, "optimise": 5,
    "charts": 6,
    "results": 7, "report": 7,
    "pilot_words": 7, "pilot_readout": 7, "projection_words": 7, "control_words": 7,
    "ui": 8, "cli": 8, "cli_options": 8, "history_cli": 8, "pilot_cli": 8, "projection_cli": 8, "registry_cli": 8,
    "registry_files_cli": 8, "control_cli": 8, "optimise_cli": 8, "__main__": 8,
}  # fmt: skip
"""Part of the package -> floor. A part imports itself and lower floors; single files also their neighbours."""

ALLOWED: dict[str, frozenset[str]] = {
    "streamlit": frozenset({"ui", "cli", "app", "pages"}),
    "plotly": frozenset({"charts", "report", "ui", "cli", "app", "pages"}),
    **dict.fromkeys(
        ("duckdb", "ibis", "sqlalchemy", "alembic", "psycopg", "sqlite3", "sqlglot"), frozenset({"history", "registry"})
    ),
}
"""Library -> the only parts that may import it."""

WITHOUT_SIDE_EFFECTS = frozenset({"scheme", "engine", "panel", "fiscal", "money", "format"})
"""Parts whose results depend on their arguments alone."""

CLOCKS_AND_CHANCE = frozenset({"random", "secrets", "time", "uuid", "socket", "requests"})

LATE = frozenset({"statsmodels", "scipy.stats", "scipy.optimize", "duckdb", "ibis", "sqlalchemy", "psycopg"})
"""Libraries that take long to import and are not needed before the first page is drawn."""


def part_of(path: Path) -> str:
    """The part a file belongs to: `engine` for src/incentive_lab/engine/tables.py, `pages` for pages/replay.py."""
    inside = path.relative_to(PACKAGE) if path.is_relative_to(PACKAGE) else path.relative_to(ROOT)
    return inside.parts[0].removesuffix(".py")


def sources() -> list[Path]:
    """Every Python file of the package, the pages and app.py."""
    outside = [*sorted((ROOT / "pages").rglob("*.py")), ROOT / "app.py"]
    return [*sorted(PACKAGE.rglob("*.py")), *(path for path in outside if path.exists())]


def imports(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every imported module by its dotted name, with its line; `from a import b` gives a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.name, node.lineno) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{'.' * node.level}{node.module or ''}.{name.name}", node.lineno) for name in node.names)

"""Arguments and options that several commands take, each declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WHERE = "A folder, a workbook, a DuckDB file or a database URL."
"""What a history may be."""
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
HistoryOption = Annotated[str, typer.Option("--history", help=WHERE)]
MappingOption = Annotated[Path | None, typer.Option("--mapping", help="YAML that maps an export's own names.")]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        help="Leave out the rows of a kind of finding that "
        "history check names, or orphans or duplicates; may be repeated.",
    ),
]
RatesOption = Annotated[Path | None, typer.Option("--rates", help="CSV of currency, month and rate (amounts of the kept "
                                                   "currency for one), where amounts are in several.")]  # fmt: skip
SchemeArgument = Annotated[Path, typer.Argument(help="A scheme, YAML or JSON.")]

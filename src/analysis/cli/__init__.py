"""The command line: ``outcomes``.

The roof of the house: it asks the clock, finds the project, prepares the cohort before a kernel
starts, and hands ``reporting`` a scanner for the log's own identifiers. Everything heavy is
imported by the command that needs it.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Final

import typer

from analysis.cli.logs import check, example, forget, init, trace
from analysis.cli.proof import compare, verify
from analysis.cli.reports import lab, list_everything, report, vocabulary
from analysis.cli.telling import say
from analysis.errors import TOO_LARGE, OutcomesError, SourceError

app = typer.Typer(
    name="outcomes",
    help="Turn a clinic's microneedling session log into repeatable outcome reports.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_COMMANDS: Final[Mapping[str, Callable[..., None]]] = {
    **{"init": init, "check": check, "report": report, "list": list_everything},
    **{"verify": verify, "compare": compare, "example": example, "forget": forget},
    **{"trace": trace, "vocabulary": vocabulary, "lab": lab},
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)

_OUT_OF_MEMORY: Final = "OutOfMemoryException"


def main() -> None:
    """Run the command; an expected error is one sentence on stderr and its exit code."""
    try:
        app()
    except OutcomesError as error:
        say(f"outcomes: {error}", err=True)
        sys.exit(error.exit_code)
    except Exception as error:
        # DuckDB's own is no MemoryError, and is known below this roof only
        if not isinstance(error, MemoryError) and type(error).__name__ != _OUT_OF_MEMORY:
            raise
        say(f"outcomes: {TOO_LARGE}", err=True)
        sys.exit(SourceError.exit_code)

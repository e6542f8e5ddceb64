"""The house keeps its plan: floors, doors, order of modules, names, no clock, quick to enter."""

import subprocess
import sys
from pathlib import Path

import pytest

from architecture import DOORS, PACKAGE, ROOMS, Breach, find_breaches

CLEAN_HOUSE = {
    "__init__.py": """
        from importlib import import_module

        def __getattr__(name):
            from analysis import intake
            return getattr(import_module(f"analysis.{name}"), name)
    """,
    "errors.py": "from collections.abc import Iterable",
    "vocabulary/__init__.py": "from analysis.vocabulary.reading import read_vocabulary",
    "vocabulary/terms.py": "from dataclasses import dataclass",
    "vocabulary/reading.py": """
        from analysis.errors import VocabularyError
        from analysis.vocabulary.terms import Concern
        from . import terms
    """,
    "estimates.py": "import pandera.pandas as pa\nfrom analysis.vocabulary import METHODS",
    "intake/__init__.py": "from analysis.intake.clean import clean_sessions",
    "intake/schema.py": "import pandera.pandas as pa",
    "intake/cells.py": "from analysis.intake import schema",
    "intake/clean.py": "import ibis\nfrom analysis.intake.cells import parse_score",
    "statistics/change.py": "from scipy import optimize, stats\nimport numpy as np",
    "answers/outcomes.py": """
        from analysis.intake import Cohort
        from analysis.answers.population import count_flow
        from analysis import statistics, vocabulary
    """,
    "show/disclosure.py": """
        from scipy.optimize import linprog

        def hide(cohort, today):
            return cohort.now, today
    """,
    "show/tables.py": "import great_tables as gt\nfrom analysis.show.disclosure import Released",
    "show/figures.py": "import seaborn as sns\nfrom matplotlib import pyplot as plt",
    "reporting/kernels.py": "import importlib\nimportlib.import_module(name)",
    "reporting/render.py": """
        import time
        import papermill
        from analysis.estimates import MIME_TYPE
        from analysis.reporting import page
        started = time.perf_counter()
    """,
    "cli/__init__.py": """
        import typer
        from analysis.cli.reports import report
        from analysis.errors import OutcomesError
    """,
    "cli/loading.py": """
        from datetime import date

        def load():
            from analysis.intake import load_cohort
            return date.today()
    """,
    "cli/reports.py": """
        import typer
        from analysis.cli.loading import load

        def report():
            from analysis import reporting
    """,
}

# what is planted where                                                     rule
PLANTED = [
    # floors, in every way an import can be written
    ("errors.py", "import analysis.vocabulary", "floor"),
    ("vocabulary/terms.py", "from analysis.estimates import COLUMNS", "floor"),
    ("estimates.py", "from analysis.intake import schema", "floor"),
    ("intake/clean.py", "from analysis import statistics", "floor"),
    ("intake/clean.py", "import analysis.answers.outcomes as told", "floor"),
    ("statistics/change.py", "from analysis.intake import clean", "floor"),
    ("statistics/change.py", "from ..intake.clean import clean_sessions", "floor"),
    ("statistics/change.py", "def late():\n    from .. import intake", "floor"),
    ("answers/outcomes.py", "from analysis.show.tables import show_fate", "floor"),
    ("answers/outcomes.py", "if TYPE_CHECKING:\n    from analysis.show import tables", "floor"),
    ("show/tables.py", "from importlib import import_module as get\nget('analysis.cli')", "floor"),
    ("show/tables.py", "import importlib as i\ni.import_module('..intake', __package__)", "floor"),
    ("show/tables.py", "__import__('analysis.statistics')", "floor"),
    ("show/tables.py", "from analysis.answers import *", "floor"),
    ("show/tables.py", "from analysis import load_cohort", "floor"),
    ("show/tables.py", "import analysis", "floor"),
    ("reporting/render.py", "from analysis.vocabulary import METHODS", "floor"),
    ("reporting/render.py", "from analysis.show import disclosure", "floor"),
    ("reporting/render.py", "from analysis import cli", "floor"),
    # order of modules inside a room
    ("vocabulary/terms.py", "from analysis.vocabulary import reading", "order"),
    ("intake/cells.py", "from analysis.intake import clean", "order"),
    ("intake/cells.py", "from .clean import clean_sessions", "order"),
    ("intake/cells.py", "def late():\n    import analysis.intake.clean", "order"),
    ("intake/cells.py", "from analysis.intake import clean_sessions", "order"),
    ("intake/cells.py", "from . import recognise", "order"),
    ("show/disclosure.py", "from analysis.show.tables import show_fate", "order"),
    # modules the plan does not know
    ("intake/excel.py", "", "plan"),
    ("export.py", "", "plan"),
    ("registry/__init__.py", "", "plan"),
    # names
    ("intake/utils.py", "", "name"),
    ("show/plot_helpers.py", "", "name"),
    ("core/__init__.py", "", "name"),
    # doors
    ("show/tables.py", "from great_tables import GT", None),
    ("show/sentences.py", "from great_tables import GT", "door"),
    ("show/tables.py", "import seaborn", "door"),
    ("show/tables.py", "def late():\n    import matplotlib.pyplot as plt", "door"),
    ("show/figures.py", "from scipy import optimize", "door"),
    ("show/disclosure.py", "from scipy import stats", "door"),
    ("show/disclosure.py", "import scipy", "door"),
    ("intake/clean.py", "import pandera.pandas as pa", "door"),
    ("answers/outcomes.py", "import ibis", "door"),
    ("answers/outcomes.py", "import duckdb", "door"),
    ("answers/outcomes.py", "from statsmodels.stats.proportion import proportion_confint", "door"),
    ("reporting/page.py", "from python_calamine import CalamineWorkbook", "door"),
    ("show/figures.py", "import nbformat", "door"),
    ("cli/reports.py", "def report():\n    import papermill", "door"),
    ("cli/reports.py", "def report():\n    import pandas as pd", "door"),
    ("intake/clean.py", "import typer", "door"),
    ("intake/clean.py", "from click import echo", "door"),
    # what must be quick, and what escapes reading
    ("__init__.py", "from analysis.errors import OutcomesError", "lazy"),
    ("__init__.py", "import pandas as pd", "lazy"),
    ("__init__.py", "try:\n    from . import intake\nexcept ImportError:\n    pass", "lazy"),
    ("cli/__init__.py", "from analysis.intake import load_cohort", "lazy"),
    ("cli/reports.py", "import tomlkit", "lazy"),
    ("cli/loading.py", "from analysis.cli.reports import report", "order"),
    ("show/tables.py", "import importlib\nimportlib.import_module(name)", "by name"),
    # clocks
    ("intake/clean.py", "from datetime import datetime\ndatetime.now()", "clock"),
    ("intake/clean.py", "import datetime as dt\ndt.datetime.utcnow()", "clock"),
    ("intake/clean.py", "from datetime import date\ndate.today()", "clock"),
    ("intake/clean.py", "from datetime import date as d\nfield(default_factory=d.today)", "clock"),
    ("intake/clean.py", "import pandas as pd\npd.Timestamp.now()", "clock"),
    ("intake/clean.py", "import pandas as pd\npd.Timestamp('today')", "clock"),
    ("intake/clean.py", "import ibis\nibis.now()", "clock"),
    ("reporting/render.py", "import time\ntime.time()", "clock"),
    ("reporting/render.py", "from time import time\ntime()", "clock"),
    ("cli/reports.py", "from datetime import date\ndate.today()", "clock"),
    ("reporting/render.py", "import time as t\nt.time_ns()", "clock"),
    ("__init__.py", "from datetime import date\nTODAY = date.today()", "clock"),
]  # fmt: skip


def build(folder: Path, files: dict[str, str]) -> Path:
    """Write modules into a package folder of the right name and return it."""
    package = folder / PACKAGE
    for name, text in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("\n        ", "\n").strip() + "\n", encoding="utf-8")
    return package


def tell(breaches: list[Breach]) -> str:
    return "\n".join(map(str, breaches))


def test_a_house_that_keeps_the_plan_has_no_breach(tmp_path: Path) -> None:
    """Every permitted way of importing passes, so that a breach below is no false alarm."""
    breaches = find_breaches(build(tmp_path, CLEAN_HOUSE))

    assert not breaches, tell(breaches)


@pytest.mark.parametrize(("file", "text", "rule"), PLANTED)
def test_a_planted_breach_is_found(tmp_path: Path, file: str, text: str, rule: str | None) -> None:
    """What breaks a rule is found under that rule in that file; its permitted twin is not."""
    breaches = find_breaches(build(tmp_path, CLEAN_HOUSE | {file: text}))

    found = {(breach.file, breach.rule) for breach in breaches}
    assert (f"{PACKAGE}/{file}", rule) in found if rule else not found, tell(breaches)
    assert {breach.file for breach in breaches} <= {f"{PACKAGE}/{file}"}, tell(breaches)


@pytest.mark.parametrize("library", DOORS)
def test_every_door_is_shut_to_the_other_rooms(tmp_path: Path, library: str) -> None:
    """Each library is found in a module that is not its door: cli for most, intake for cli's."""
    file = "intake/clean.py" if "cli" in DOORS[library] else "cli/reports.py"
    text = f"def late():\n    import {library}"

    breaches = find_breaches(build(tmp_path, {file: text}))

    assert [(breach.file, breach.line, breach.rule) for breach in breaches] == [
        (f"{PACKAGE}/{file}", 2, "door")
    ]


def test_a_breach_says_where_it_is_and_what_is_allowed(tmp_path: Path) -> None:
    """The line is that of the import, and the sentence names what may be imported instead."""
    package = build(tmp_path, {"show/tables.py": '"""Tables."""\n\nfrom analysis import intake'})

    assert [str(breach) for breach in find_breaches(package)] == [
        "analysis/show/tables.py:3: floor: show imports analysis.intake; "
        "it may import errors, vocabulary, estimates, individuals"
    ]


def test_every_door_is_a_place_of_the_plan() -> None:
    """A door that leads nowhere would open its library to nobody, or hide a slip of the pen."""
    places = {*ROOMS, *(f"{room}.{each}" for room, plan in ROOMS.items() for each in plan.modules)}

    assert {door for doors in DOORS.values() for door in doors} <= places


def test_the_package_keeps_the_plan(project: Path) -> None:
    """src/analysis has no breach."""
    package = project / "src" / PACKAGE
    assert (package / "errors.py").is_file(), "the package is not where this test looks"

    breaches = find_breaches(package)

    assert not breaches, tell(breaches)


@pytest.mark.parametrize("module", ["analysis", "analysis.cli"])
def test_entering_loads_nothing_heavy(project: Path, module: str) -> None:
    """``import analysis`` and the command line load no heavy library, not even through others."""
    heavy = sorted(set(DOORS) - {"typer", "click"})
    code = f"import sys, {module}; print(*sorted(sys.modules.keys() & set({heavy!r})))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []

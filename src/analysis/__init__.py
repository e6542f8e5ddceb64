"""Turns a clinic's microneedling session log into repeatable outcome reports.

The floors, from the ground up; a module imports from floors below its own only:

0. ``errors``, ``vocabulary``, ``estimates``, ``individuals``: what can be said, the one shape of
   every number, and scores of single patients for internal pages
1. ``intake``: from a log to a cohort
2. ``statistics``: estimates with intervals
3. ``answers``: one function per clinical question, from a cohort to estimates
4. ``show``: disclosure control, then tables, figures and sentences

Behind a wall, ``reporting`` renders notebooks and knows nothing of patients. ``cli`` is the roof.

A notebook imports from here and from nowhere else::

    from analysis import load_cohort, population, bind_estimates, release, tables
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.answers import (
        claims,
        literature,
        outcomes,
        population,
        protocol,
        reportable,
        side_effects,
        trends,
    )
    from analysis.estimates import bind_estimates, compare_estimates, make_estimates
    from analysis.intake.cohort import Cohort, load_cohort
    from analysis.show import figures, published, sentences, tables
    from analysis.show.disclosure import Released, release

_HOMES = {
    "Cohort": "analysis.intake.cohort",
    "Released": "analysis.show.disclosure",
    "bind_estimates": "analysis.estimates",
    "claims": "analysis.answers",
    "compare_estimates": "analysis.estimates",
    "figures": "analysis.show",
    "literature": "analysis.answers",
    "load_cohort": "analysis.intake.cohort",
    "make_estimates": "analysis.estimates",
    "outcomes": "analysis.answers",
    "population": "analysis.answers",
    "protocol": "analysis.answers",
    "published": "analysis.show",
    "release": "analysis.show.disclosure",
    "reportable": "analysis.answers",
    "sentences": "analysis.show",
    "side_effects": "analysis.answers",
    "tables": "analysis.show",
    "trends": "analysis.answers",
}
_MODULES = {
    "claims",
    *("figures", "literature", "outcomes", "population", "protocol", "published", "sentences"),
    *("reportable", "side_effects", "tables", "trends"),
}

__all__ = [
    "Cohort",
    "Released",
    "bind_estimates",
    "claims",
    "compare_estimates",
    "figures",
    "literature",
    "load_cohort",
    "make_estimates",
    "outcomes",
    "population",
    "protocol",
    "published",
    "release",
    "reportable",
    "sentences",
    "side_effects",
    "tables",
    "trends",
]


def __getattr__(name: str) -> Any:
    """Import what is asked for, so that ``import analysis`` stays quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    home = _HOMES[name]
    return (
        import_module(f"{home}.{name}") if name in _MODULES else getattr(import_module(home), name)
    )


def __dir__() -> list[str]:
    return __all__

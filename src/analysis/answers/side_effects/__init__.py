"""Harm: how often, in whom, how grave, how long, and what goes with it.

``rates`` counts every side effect in three ways, patients, sessions and events;
``severity`` tells how grave it was and how long it lasted, ``groups``
what goes with it.
"""

from analysis.answers.side_effects.groups import compare_harm
from analysis.answers.side_effects.rates import (
    ANY_HARM,
    count_term,
    estimate_classes,
    estimate_side_effects,
    list_harm_terms,
    list_terms,
    vary_denominators,
)
from analysis.answers.side_effects.severity import (
    count_lasting,
    estimate_grades,
    estimate_resolution,
)

__all__ = [
    "ANY_HARM",
    "compare_harm",
    "count_lasting",
    "count_term",
    "estimate_classes",
    "estimate_grades",
    "estimate_resolution",
    "estimate_side_effects",
    "list_harm_terms",
    "list_terms",
    "vary_denominators",
]

"""Outcomes by concern: how many got better, by how much, for whom, and how sure that is.

One module a question: ``change`` (responders, better / same / worse, the mean change), ``scores``
(the scores behind them: shift tables, answers, raters, when they were taken), ``visits``
(repeated measures), ``groups`` (for whom), ``modalities`` (courses of another one), ``halves``
(split faces), ``unseen`` (those not seen again), ``sensitivity`` (the same share counted otherwise)
and ``individuals`` (patient by patient, for internal pages).
"""

from analysis.answers.outcomes.change import (
    compute_improvement,
    describe_rule,
    estimate_all_outcomes,
    estimate_outcomes,
    find_responders,
)
from analysis.answers.outcomes.groups import compare_groups
from analysis.answers.outcomes.halves import compare_halves
from analysis.answers.outcomes.individuals import list_individuals
from analysis.answers.outcomes.scores import describe_scores
from analysis.answers.outcomes.sensitivity import vary_population
from analysis.answers.outcomes.unseen import bound_unseen
from analysis.answers.outcomes.visits import estimate_visits

__all__ = [
    "bound_unseen",
    "compare_groups",
    "compare_halves",
    "compute_improvement",
    "describe_rule",
    "describe_scores",
    "estimate_all_outcomes",
    "estimate_outcomes",
    "estimate_visits",
    "find_responders",
    "list_individuals",
    "vary_population",
]

"""Sentences made from released estimates: nothing a reader is told is typed into a notebook.

Also how a number is written (:func:`write_share`, :func:`write_percent`, ...), so that sentences,
tables, figures and their alternative texts cannot disagree.

Each ``describe_...`` takes a release, or a part of it made by :meth:`Released.keep`, and returns
:class:`Prose`, which a notebook and our page both render.
"""

from analysis.show.sentences.methods import (
    describe_limitations,
    describe_methods,
    describe_provenance,
    describe_scales,
    describe_terms,
)
from analysis.show.sentences.outcomes import (
    describe_change,
    describe_headline,
)
from analysis.show.sentences.population import (
    describe_population,
)
from analysis.show.sentences.side_effects import (
    describe_intervals,
    describe_side_effects,
)
from analysis.show.sentences.writing import (
    DECIMALS_FROM,
    NOT_ESTIMABLE,
    PROTECTED,
    TOO_FEW,
    Prose,
    capitalise,
    get_rows,
    group_rows,
    name_concern,
    name_concern_of,
    name_scale,
    name_side_effect,
    name_skin_types,
    name_subject,
    name_term,
    sort_by_rate,
    tell_range,
    write_change,
    write_confidence,
    write_count,
    write_count_of,
    write_interval,
    write_limits,
    write_list,
    write_month,
    write_nothing,
    write_number,
    write_paragraphs,
    write_percent,
    write_plain,
    write_rate,
    write_share,
    write_signed,
)

__all__ = [
    "DECIMALS_FROM",
    "NOT_ESTIMABLE",
    "PROTECTED",
    "TOO_FEW",
    "Prose",
    "capitalise",
    "describe_change",
    "describe_headline",
    "describe_intervals",
    "describe_limitations",
    "describe_methods",
    "describe_population",
    "describe_provenance",
    "describe_scales",
    "describe_side_effects",
    "describe_terms",
    "get_rows",
    "group_rows",
    "name_concern",
    "name_concern_of",
    "name_scale",
    "name_side_effect",
    "name_skin_types",
    "name_subject",
    "name_term",
    "sort_by_rate",
    "tell_range",
    "write_change",
    "write_confidence",
    "write_count",
    "write_count_of",
    "write_interval",
    "write_limits",
    "write_list",
    "write_month",
    "write_nothing",
    "write_number",
    "write_paragraphs",
    "write_percent",
    "write_plain",
    "write_rate",
    "write_share",
    "write_signed",
]

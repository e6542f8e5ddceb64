"""Decides what may be shared: :func:`release` is called once per page, over all its estimates.

The protected unit is the distinct patient. What rests on 1 to threshold - 1 patients (in the
numerator, in the complement, or in the difference between linked rows) is hidden with its share,
interval and everything else that would tell it. Two steps:

1. :func:`.rows.judge_row` looks at one row alone.
2. :func:`.hiding.hide_linked` looks at the rows together: it does the sums that a reader could do
   (:class:`.page.Page`: levels and their total, the steps of a course and the populations made of
   them), and hides one more row while one of the hidden numbers comes out.

Scores of single patients are no estimates, and a shareable page has none: :func:`admit` opens them
for an internal page.
"""

from analysis.show.disclosure.individuals import admit, mark_internal
from analysis.show.disclosure.released import (
    INTERNAL,
    SHAREABLE,
    Released,
    release,
    require_released,
)
from analysis.show.disclosure.rows import NOT_SHOWN

__all__ = [
    "INTERNAL",
    "NOT_SHOWN",
    "SHAREABLE",
    "Released",
    "admit",
    "mark_internal",
    "release",
    "require_released",
]

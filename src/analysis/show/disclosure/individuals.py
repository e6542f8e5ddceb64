"""Who may see single patients: nobody but the reader of an internal page."""

from analysis.estimates import INTERNAL_MARK
from analysis.individuals import Individuals
from analysis.show.disclosure.released import INTERNAL, Released, require_released


def admit(individuals: object, released: Released) -> Individuals | None:
    """Return the scores of single patients for an internal page; for a shareable one nothing.

    ``released`` is what the page shows, and says who may see it.

    Raises
    ------
    TypeError
        For anything but :class:`Individuals` and :class:`Released`.
    """
    audience = require_released(released).audience
    if not isinstance(individuals, Individuals):
        raise TypeError(
            f"Only scores listed by list_individuals can be shown here, not a "
            f"{type(individuals).__name__}."
        )
    return individuals if audience == INTERNAL else None


def mark_internal(html: str) -> str:
    """Return HTML that shows single patients with the mark by which a shareable page is refused."""
    return f"<div {INTERNAL_MARK}>\n{html}\n</div>"

"""Who may see single patients and events, operators and lots: nobody but the reader of an internal
page."""

from typing import TypeVar

from analysis.estimates import INTERNAL_MARK
from analysis.individuals import ForInternalPages
from analysis.show.disclosure.released import INTERNAL, Released, require_released

_Held = TypeVar("_Held", bound=ForInternalPages)


def admit(held: _Held, released: Released) -> _Held | None:
    """Return what is for internal pages only, for an internal page; for a shareable one nothing.

    ``released`` is what the page shows, and says who may see it.

    Raises
    ------
    TypeError
        For anything but :class:`ForInternalPages` and :class:`Released`.
    """
    audience = require_released(released).audience
    if not isinstance(held, ForInternalPages):
        raise TypeError(
            f"Only what an answer holds for internal pages can be shown here, not a "
            f"{type(held).__name__}."
        )
    return held if audience == INTERNAL else None


def mark_internal(html: str) -> str:
    """Return HTML that shows single patients with the mark by which a shareable page is refused."""
    return f"<div {INTERNAL_MARK}>\n{html}\n</div>"

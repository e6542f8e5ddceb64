"""Patient by patient, in sentences."""

from html import escape
from typing import Final

from analysis.individuals import Individuals
from analysis.show.disclosure import Released, admit
from analysis.show.sentences.writing import Prose, write_nothing, write_paragraphs

_SHAREABLE: Final = (
    "Scores of single patients are shown on internal pages only; this page has the numbers of all "
    "patients together."
)


def describe_individuals(individuals: Individuals, released: Released) -> Prose:
    """Return how to read the scores of single patients; on a shareable page, where they are."""
    known = admit(individuals, released)
    if known is None:
        return write_paragraphs([_SHAREABLE])
    if known.patients > known.most:
        return write_paragraphs(
            [
                f"{known.patients} patients are too many to be shown one by one (at most "
                f"{known.most}); choose a period, a clinic or another part of them."
            ]
        )
    scale = released.origin.vocabulary.scales.get(known.scale)
    if known.trajectories.empty or scale is None:
        return write_nothing("the scores of single patients")
    told = [
        "Patients are numbered by how much they changed, 1 for the one who got better the most; "
        "those not seen again come last. The numbers are of this page alone and are no ids.",
        "A change of one patient is not the effect of the treatment on that patient: scores go up "
        "and down by themselves and from rater to rater.",
    ]
    if scale.measurement_error is None:
        told.append(
            "How large a change must be to lie beyond the measurement error of this scale is not "
            "published, so no patient is marked so."
        )
    if scale.kind == "ordinal":
        told.append(
            "The mean of grades stands beside the lines as a guide for the eye: how far apart two "
            "grades are is not known."
        )
    return write_paragraphs([" ".join(escape(each) for each in told)])

"""How serious harm was, and which events may have to be reported, in sentences."""

from html import escape

from analysis.individuals import ReportableEvents
from analysis.show.disclosure import Released, admit
from analysis.show.sentences.writing import (
    Prose,
    get_rows,
    name_term,
    write_nothing,
    write_paragraphs,
    write_share,
)


def describe_seriousness(released: Released) -> Prose:
    """Return in how many of those asked harm was serious, and ended the treatment."""
    told = []
    for statistic, words in (
        ("serious", "Harm that the log calls serious"),
        ("stopped because of harm", "Treatment stopped because of harm"),
    ):
        told += [
            f"{words}: {write_share(row, 'patients asked')}."
            for row in get_rows(released, statistic)
        ]
    if not told:
        return write_nothing("how serious harm was")
    return write_paragraphs([escape(" ".join(told))])


def describe_reportable_events(events: ReportableEvents, released: Released) -> Prose:
    """Return by which rule events are listed; on a shareable page, where the list is."""
    known = admit(events, released)
    if known is None:
        return write_paragraphs(
            [
                "Single events that may have to be reported are listed on internal pages only; "
                "this page has the numbers of all patients together."
            ]
        )
    vocabulary = released.origin.vocabulary
    named = ", ".join(name_term(vocabulary, term) for term in known.terms)
    count = len(known.events)
    listed = "No event is" if not count else "1 event is" if count == 1 else f"{count} events are"
    return write_paragraphs(
        [
            escape(
                f"{listed} listed: what the log calls serious, what it grades {known.severity} or "
                f"more, and, whatever was written of it: {named}. Of every modality, in the "
                "chosen sessions."
            ),
            "Listed is what may have to be reported. Whether, to whom and by when differs from "
            "country to country, and a person decides; what the log does not say is not here.",
        ]
    )

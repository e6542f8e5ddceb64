"""Who a row is about: ids that are one person's, however they are written."""

from collections.abc import Mapping
from typing import Final

import ibis
import pandas as pd
from ibis import _

from analysis.intake import cells
from analysis.intake.clean.reading import Reading
from analysis.intake.clean.roles import TYPED, make_look_up
from analysis.intake.engine import Table, make_table

_PLAIN_ID: Final = r"^([A-Za-z]{1,4}[-_]?)?[0-9]*[1-9][0-9]*$"
_PLAIN_ID_WITH_LETTERS: Final = r"^[A-Za-z]{1,4}[-_]?[0-9]*[1-9][0-9]*$"
"""Ids that need no closer look; digits alone only where all such ids have one length."""


def look_up_patients(reading: Reading, data: Table) -> tuple[Table, Table]:
    """Return the rows with ``patient``, the number of its first row, and ``p_patient``; and the
    names of the patients: number, name.

    Ids that differ only in case, spaces or zeros in front are one, in the commonest form. Most
    ids are plain and written in one way; they do not pass through Python.
    """
    ids = data.group_by("layout", text=_.t_patient).agg(n=_.count(), first=_.row.min())
    ids = reading.keep("ids", ids.mutate(key=ids.text.lower()))
    digits = ids.filter(ids.text.re_search(r"^[0-9]+$")).group_by("layout")
    widths = digits.agg(low=_.text.length().min(), high=_.text.length().max())
    uneven = [int(n) for n in widths.filter(_.low < _.high).layout.execute()]
    pattern = ids.layout.isin(uneven).ifelse(
        ids.text.re_search(_PLAIN_ID_WITH_LETTERS), ids.text.re_search(_PLAIN_ID)
    )
    forms = ids.group_by("key").agg(forms=_.text.nunique())
    told = reading.keep("told", ids.mutate(is_plain=pattern).inner_join(forms, "key"))
    mixed = told.filter(~_.is_plain | (_.forms > 1)).execute()
    widest = {n: cells.find_width(mixed["text"][mixed["layout"] == n]) for n in uneven}
    mixed["key"] = [
        cells.fold_patient(text, widest.get(n, 0))
        for n, text in zip(mixed["layout"], mixed["text"], strict=True)
    ]
    looks = pd.DataFrame({"key": mixed["key"].map(cells.look_alike)}, dtype="str")
    keys = pd.concat([mixed[["key"]], looks]).drop_duplicates()
    keys = make_table(keys, {"key": "string"})
    alike = told.filter(_.is_plain & (_.forms == 1)).semi_join(keys, "key").execute()
    looked_up = _parse_patients(reading, pd.concat([mixed, alike]), widest)
    joined = told.left_join(
        looked_up,
        [told.layout == looked_up.l_patient, told.text == looked_up.k_patient],
    )
    plain = ibis.literal(f"{reading.source.name}/") + joined.text
    name = joined.k_patient.isnull().ifelse(plain, joined.patient)
    named = joined.select(
        l_patient=_.layout, k_patient=_.text, first=_.first, name=name, p_patient=_.p_patient
    )
    named = reading.keep("named", named)
    names = named.filter(_.name.notnull()).group_by("name").agg(number=_.first.min())
    names = reading.keep("names", names.select("number", "name"))
    numbers = named.left_join(names, "name").select(
        "l_patient", "k_patient", "p_patient", patient=_.number
    )
    numbers = reading.keep("numbers", numbers)
    looked_up = data.left_join(
        numbers, [data.layout == numbers.l_patient, data.t_patient == numbers.k_patient]
    )
    # ibis cannot go on from a join to others, unless it has a name
    placed = looked_up.select(*data.columns, "patient", "p_patient")
    return reading.engine.name("placed_patients", placed), names


def _parse_patients(reading: Reading, forms: pd.DataFrame, widths: Mapping[int, int]) -> Table:
    """Return the look-up of these ids: columns layout, text, n and key."""
    # the commonest form counts; a form without its zeros never does
    forms = forms.assign(short=forms["text"].map(cells.fold) != forms["key"])
    in_order = forms.groupby(["key", "short", "text"])["n"].sum().reset_index()
    in_order = in_order.sort_values(["short", "n", "text"], ascending=[True, False, True])
    chosen: dict[str, str] = {}
    written = in_order[["key", "text", "short"]].itertuples(index=False, name=None)
    for key, text, is_short in written:
        chosen.setdefault(key, key if is_short else " ".join(text.split()))
    found = {
        (int(n), text): cells.parse_patient(text, chosen, reading.source.name, widths.get(n, 0))
        for n, text in zip(forms["layout"], forms["text"], strict=True)
    }
    looked_like = cells.find_look_alikes(chosen)
    for n, text in [*found]:
        if cells.fold_patient(text, widths.get(n, 0)) in looked_like:
            found[n, text] = cells.note_look_alike(found[n, text])
    return make_look_up(reading, "patient", found, TYPED["patient"])

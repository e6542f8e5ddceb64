"""From the name of a source to its cohort."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from analysis.errors import SourceError, UsageError
from analysis.estimates import Origin
from analysis.intake.cache import CACHE, mark_used
from analysis.intake.clean import Account
from analysis.intake.cohort.cohort import Cohort
from analysis.intake.cohort.keeping import (
    build_tables,
    hash_inputs,
    hash_parts,
    join_hashes,
    read_code,
    read_kept,
)
from analysis.intake.cohort.selection import Selection, check_selection, settle_period
from analysis.intake.engine import say_too_large
from analysis.intake.schema import INDEX_MODALITY
from analysis.intake.sources import SETTINGS_FILE, Source, find_project, read_source


@say_too_large()
def load_cohort(
    source: str,
    *,
    as_of: str = "",
    project: Path | None = None,
    period: str = "",
    clinic: Sequence[str] = (),
    operator: Sequence[str] = (),
    skin_type: Sequence[str] = (),
    device: Sequence[str] = (),
    needle: str = "",
    sessions: str = "",
    modality: Sequence[str] = (),
    setting: Sequence[str] = (),
    index_modality: str = INDEX_MODALITY,
    tell: Callable[[str], None] | None = None,
) -> Cohort:
    """Return the cohort of a source, built if it is not in ``.cache/`` yet.

    Parameters
    ----------
    source
        Name of the folder below ``data/``.
    as_of
        ISO day; what is later in the log is a problem, and courses are closed or not yet due at it.
        Empty: ``extracted_on`` of ``source.toml``.
    project
        Folder that holds ``data/``; found from the working directory upwards when not given.
    period, clinic, operator, skin_type, device, needle, sessions, modality, setting
        See :class:`Selection`; empty means all.
    index_modality
        What courses are of; those of other modalities are in no answer.
    tell
        Is told, in a few words each, the steps of a load that is not in the cache.

    Raises
    ------
    SourceError
        When the source cannot be read.
    UsageError
        When the day, the period or a range cannot be read, or a skin type, modality, setting or
        index modality does not exist.
    """
    selection = Selection(
        period=period,
        clinic=tuple(clinic),
        operator=tuple(operator),
        skin_type=tuple(skin_type),
        device=tuple(device),
        needle=needle,
        sessions=sessions,
        modality=tuple(modality),
        setting=tuple(setting),
        index_modality=index_modality,
    )
    check_selection(selection)
    root = find_project() if project is None else project
    declared = read_source(root, source)
    day = find_as_of(declared, as_of)
    vocabulary = declared.read_vocabulary()
    scales = declared.find_scales(vocabulary)
    selection = replace(selection, period=settle_period(selection.period, day))
    inputs = hash_inputs(declared, day)
    data_hash = join_hashes(inputs)
    folder = root / CACHE / source / hash_parts([data_hash.encode(), *read_code()])
    kept = read_kept(folder)
    if kept is None:
        build_tables(folder, declared, vocabulary, day, data_hash, tell or _keep_silent)
        kept = read_kept(folder)
    if kept is None:
        raise SourceError(f"The cohort cannot be kept in {CACHE}/: remove that folder, then retry.")
    mark_used(folder)
    origin = Origin(
        source=declared.name,
        title=declared.title,
        synthetic=declared.synthetic,
        as_of=day.isoformat(),
        data_until=kept["data_until"],
        data_hash=data_hash,
        inputs=MappingProxyType(inputs),
        selection=selection.describe(),
        vocabulary=replace(vocabulary, scales=MappingProxyType({**vocabulary.scales, **scales})),
        stays_internal=bool(selection.operator),
        index_modality=selection.index_modality,
        harm_modality=selection.harm_modality,
        threshold_profile=declared.threshold_profile,
    )
    return Cohort(
        origin,
        Account(**kept["rows"]),
        selection,
        scales,
        declared.primary_scale,
        tuple(
            dict.fromkeys(
                name
                for layout in declared.every_layout
                for name in (*layout.log_names, *layout.every_file)
            )
        ),
        folder,
    )


def find_as_of(source: Source, as_of: str) -> date:
    """Return the day a log is read at: the one given, else ``extracted_on`` of the source."""
    if not as_of:
        if source.extracted_on is None:
            raise SourceError(
                f"No day is known at which the log of {source.name!r} was extracted: "
                f"give as_of, or write extracted_on in data/{source.name}/{SETTINGS_FILE}."
            )
        return source.extracted_on
    try:
        return date.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"as_of is {as_of!r}; write an ISO day such as 2026-06-30.") from None


def _keep_silent(step: str) -> None:
    """Tell nobody."""

"""Writes what was recognised: the text of a first ``source.toml``, and the account that is printed.

Every header is quoted with the marks that cannot be seen written out, so that no header can end a
line or turn the reading order of the file around.
"""

import json
from collections.abc import Iterator
from typing import Final

from analysis.errors import write_out
from analysis.intake.recognise.questions import UnknownScale
from analysis.intake.recognise.recognition import RecognisedLayout, Recognition
from analysis.intake.sources import ROLES, SETTINGS_FILE, VOCABULARY_FILE

_FORMAT: Final = {
    "delimited": ("delimiter", "quote", "encoding", "decimal", "date_order"),
    "redcap": ("kind", "delimiter", "quote", "encoding", "decimal", "date_order"),
    "workbook": ("kind", "decimal", "date_order"),
    "parquet": ("kind", "decimal", "date_order"),
    "query": ("kind", "decimal", "date_order"),
    "tables": ("kind", "delimiter", "quote", "encoding"),
}
"""Settings that a kind of file has."""
_USUAL: Final = {"quote": '"'}
"""What is not worth a line."""
_DEFAULTS: Final = (
    ("default_modality", "microneedling", "where the log does not say what was done"),
    ("default_setting", "clinic", 'or "home"'),
    ("default_rater", "investigator", 'or "blinded", "patient", "device"'),
)


def write_source(recognition: Recognition) -> str:
    """Return the text of a first ``source.toml``, commented with what was recognised and why."""
    layouts = recognition.layouts
    is_one = len(layouts) == 1
    lines = [
        f"# What `outcomes init` recognised, and why. Correct it where it is wrong; what only "
        f"resembles\n# something is a suggestion and is not used. {SETTINGS_FILE} is read again by "
        "`outcomes check`.",
        *(f"# OPEN QUESTION: {line}" for line in _list_questions(recognition)),
        f"name = {quote(recognition.name)}",
        f"title = {quote(recognition.name)}  # as the pages call it",
        "# extracted_on = 2026-01-31  # the day of the export; without it, the day of the report",
    ]
    lines += [
        f"# not read: {quote(place)}: {write_out(why)}" for place, why in recognition.unread.items()
    ]
    scales = [*_write_scales(recognition)]
    # what stands at the top must stand before the first block
    lines += [*_write_head(layouts[0])] if is_one else []
    lines += scales
    if is_one:
        lines += [*_write_blocks(layouts[0], "")]
    else:
        for layout in layouts:
            lines += ["", "[[layouts]]", *_write_head(layout), *_write_blocks(layout, "layouts.")]
    lines += [*_write_suggestions(recognition)]
    return "\n".join(lines) + "\n"


def describe_recognition(recognition: Recognition) -> list[str]:
    """Return the account of what was recognised, line by line, as the command prints it."""
    lines = []
    for layout in recognition.layouts:
        lines.append(f"{write_out(layout.place)}: a row is a {layout.rows.removesuffix('s')}")
        if layout.dictionary or layout.written.kind != "delimited":
            lines.append(f"  kind {layout.written.kind}: {write_out(layout.reasons['kind'])}")
        for key, value in _list_settings(layout):
            if key != "kind":
                lines.append(f"  {key} {value!r}: {write_out(layout.reasons[key])}")
        lines += [f"  {write_out(told)}" for told in layout.titles]
        for role, header in (*layout.columns.items(), *layout.scores.items()):
            lines.append(f"  recognised: {header!r} as {role}: {write_out(layout.reasons[role])}")
        lines += [
            f"  not used: {header!r}: {write_out(why)}" for header, why in layout.unused.items()
        ]
    lines += [f"not read: {place!r}: {write_out(why)}" for place, why in recognition.unread.items()]
    return lines + [f"question: {line}" for line in _list_questions(recognition)]


def _list_settings(layout: RecognisedLayout) -> list[tuple[str, str]]:
    """Return the settings of how the files are written, but the usual ones."""
    listed = [(key, getattr(layout.written, key)) for key in _FORMAT[layout.written.kind]]
    return [(key, value) for key, value in listed if _USUAL.get(key) != value]


def quote(text: str) -> str:
    """Return the text as a TOML string on one line, with every mark that cannot be seen written
    out."""
    return write_out(json.dumps(text, ensure_ascii=False))


def _list_questions(recognition: Recognition) -> list[str]:
    several = len(recognition.layouts) > 1
    return [
        write_out(f"({place}) {question}" if several and place else str(question))
        for place, question in recognition.questions
    ]


def _write_head(layout: RecognisedLayout) -> Iterator[str]:
    if layout.connection:
        yield f"connection = {quote(layout.connection)}"
        yield f"table = {quote(layout.table)}"
    else:
        yield f"files = [{', '.join(map(quote, layout.files))}]"
    if layout.sheets:
        yield f"sheets = [{', '.join(map(quote, layout.sheets))}]  # the others have other columns"
    if layout.dictionary:
        yield f"dictionary = {quote(layout.dictionary)}"
    if layout.rows != "sessions":
        yield f"rows = {quote(layout.rows)}  # {layout.reasons['rows']}"
    elif "rows" in layout.reasons:
        yield f"# {layout.reasons['rows']}"


def _write_scales(recognition: Recognition) -> Iterator[str]:
    undeclared = recognition.undeclared_scales
    if not undeclared:
        return
    yield from ("", "[scales]  # which score is best; take the mark away from one line of each")
    for key in undeclared:
        for coding, each in recognition.vocabulary.scales[key].codings.items():
            yield f"# {key} = {quote(coding)}  # {write_out(each.text)}"


def _write_blocks(layout: RecognisedLayout, above: str) -> Iterator[str]:
    yield from ("", f"[{above}format]")
    for key, value in _list_settings(layout):
        yield f"{key} = {quote(value)}  # {write_out(layout.reasons[key])}"
    yield from (f"# {write_out(told)}" for told in layout.titles)
    if layout.written.kind == "tables":
        return
    yield from ("", f'[{above}columns]  # role = "header in the log"')
    for role, header in layout.columns.items():
        yield f"{role} = {quote(header)}  # {write_out(layout.reasons[role])}"
    yield from (
        f"# not used: {quote(header)}: {write_out(why)}" for header, why in layout.unused.items()
    )
    missing = [role for role in ROLES if role not in layout.columns]
    if missing:
        yield f"# roles without a column: {', '.join(missing)}"
    if layout.scores:
        yield from ("", f'[{above}scores]  # scale = "header of its scores"')
        for scale, header in layout.scores.items():
            yield f"{scale} = {quote(header)}  # {write_out(layout.reasons[scale])}"
    if layout.rows == "patients":
        return
    yield from ("", f"[{above}answers]")
    for key, answer in layout.answers.items():
        yield f"{key} = {quote(answer.value)}  # {write_out(answer.comment)}"
    for key, value, comment in _DEFAULTS:
        yield f"{key} = {quote(value)}  # {comment}"
    if "clinic" not in layout.columns:
        yield '# clinic = ""  # the clinic of all rows'


def _write_suggestions(recognition: Recognition) -> Iterator[str]:
    unknown = {
        each for layout in recognition.layouts for each in layout.unknown_scales if each.name
    }
    spellings = {each for layout in recognition.layouts for each in layout.spellings}
    if unknown or spellings:
        yield from ("", f"# Suggestions for {VOCABULARY_FILE}; nothing of them is used.")
    for spelling in sorted(spellings, key=lambda each: (each.kind, each.text)):
        yield (
            f"# {quote(spelling.text)} resembles {spelling.near}: if it is that, copy "
            f"[{spelling.kind}.{spelling.near}] and add it to its spellings"
        )
    for each in sorted(unknown, key=lambda scale: scale.name):
        yield from ("#", *(f"# {line}" for line in write_scale_block(each)))


def write_scale_block(scale: UnknownScale) -> list[str]:
    """Return the block of ``vocabulary.toml`` for a scale it does not know, with its range and its
    direction left open."""
    letters = "".join(each if each.isascii() and each.isalnum() else " " for each in scale.name)
    key = "_".join(letters.lower().split()) or "our_scale"
    hint = f"  # {scale.scores}" if scale.scores else ""
    near = f"  # resembles {scale.near}" if scale.near else ""
    return [
        f"[scales.{key}]{near}",
        f"name = {quote(scale.name)}",
        'concerns = ["any"]  # or the concerns that it scores',
        'kind = "ordinal"  # or "continuous", "change"',
        'direction = ""  # which scores are better: "lower" or "higher"',
        f"# minimum ={hint}",
        "# maximum =",
        f"spellings = [{quote(scale.name.casefold())}]",
        'reference = ""  # who describes it',
    ]

"""Turns an executed notebook into one self-contained HTML page.

The page is read in a mail attachment, offline, by people who do not know what a notebook is: it
loads nothing, runs nothing and shows no code. The template in ``template/`` also works alone,
with ``jupyter nbconvert --template``.
"""

import hashlib
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook, new_output

from analysis.errors import ReportFailedError
from analysis.estimates import MIME_TYPE
from analysis.reporting.parameters import Parameter, Value

TEMPLATE: Final = Path(__file__).parent / "template"

_SYNTHETIC: Final = "Synthetic example data: these are not real patients."
_INTERNAL: Final = "Confidential: internal page. It may show single patients; do not pass it on."
_EMPTY: Final = (
    "Nothing to report yet: for this selection the log holds no patient, or no course whose "
    "follow-up window is over."
)
_AUDIENCES: Final = {"shareable": "shareable: totals only", "internal": "internal: confidential"}
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_SHORT_HASH: Final = 16
_TOLD_IN_HEADER: Final = ("source", "audience", "as_of")

_FOREIGN: Final = frozenset(
    ("script", "iframe", "object", "embed", "link", "base", "form", "frame", "applet")
)
_SVG: Final = re.compile(r"(<svg\b.*?</svg>)", re.DOTALL | re.IGNORECASE)
_STYLE: Final = re.compile(r"<style\b.*?</style>\s*", re.DOTALL | re.IGNORECASE)
_SVG_CARGO: Final = re.compile(
    r"<\?xml.*?\?>\s*|<!DOCTYPE.*?>\s*|<metadata\b.*?</metadata>\s*|<!--.*?-->\s*",
    re.DOTALL | re.IGNORECASE,
)
_NAMESPACE: Final = re.compile(r"\s+xmlns(?::\w+)?=(\"[^\"]*\"|'[^']*')")
_HAS_TABLE: Final = re.compile(r"<table\b", re.IGNORECASE)
_TABLE_TITLE: Final = re.compile(
    r"<(?:caption|(?:td|th)[^>]*\bgt_title\b)[^>]*>(.*?)</(?:caption|td|th)>",
    re.DOTALL | re.IGNORECASE,
)
_KEEPS_ITS_FRAME: Final = re.compile(r"<figure\b|<details\b|tabindex=", re.IGNORECASE)
_LOADS: Final = re.compile(r"url\(\s*[\"']?(?!#|data:image/)|@import|expression\(", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """One entry of the table of contents."""

    level: int
    text: str
    anchor: str


def make_page(
    notebook: NotebookNode,
    *,
    title: str,
    status: str,
    audience: str,
    origin: Mapping[str, Any],
    parameters: Sequence[tuple[Parameter, Value]],
    provenance: Mapping[str, Any],
) -> str:
    """Return the page of an executed notebook.

    ``title`` is the notebook's first heading, which is not repeated in the story. ``origin`` is
    that of the released estimates, ``provenance`` what :func:`describe_provenance` returns.
    Printed text, warnings and the released estimates themselves are left out.

    Raises :class:`ReportFailedError` when the page would load or run anything.
    """
    story = _prepare(notebook)
    contents = [each for each in _find_headings(story) if each.level == 2]
    page = {
        "title": title,
        "subtitle": origin.get("title", ""),
        "notices": _list_notices(status, audience, origin),
        "facts": _list_facts(audience, origin, parameters),
        "contents": [*contents, Heading(2, "Provenance", "provenance")],
        "provenance": _list_provenance(origin, parameters, provenance),
        "provenance_anchor": "provenance",
    }
    return check_page(_export(story, page))


def make_failure_page(*, title: str, step: str, paragraphs: Iterable[str]) -> str:
    """Return the page that stands beside the last good one after a failed run."""
    told = "".join(f"<p>{html.escape(each)}</p>\n" for each in paragraphs)
    cell = new_code_cell(outputs=[new_output("display_data", {"text/html": told})])
    page = {
        "title": title,
        "notices": [{"kind": "failed", "text": f"This report failed at the step “{step}”."}],
    }
    return check_page(_export(new_notebook(cells=[cell]), page))


def check_page(page: str) -> str:
    """Return the page unchanged, or raise :class:`ReportFailedError` saying what it would load."""
    finder = _ForeignFinder()
    finder.feed(page)
    finder.close()
    if finder.found:
        raise ReportFailedError(
            f"The page would not stand alone: it holds {', '.join(sorted(finder.found))}; "
            "remove that from the notebook or from what it shows."
        )
    return page


# ── the notebook's story ─────────────────────────────────────────────────────────────────────


def _prepare(notebook: NotebookNode) -> NotebookNode:
    """Return a copy without the title, whose outputs carry no style or file header of their own."""
    story = NotebookNode(nbformat=4, nbformat_minor=5, metadata=NotebookNode(), cells=[])
    has_title = False
    for original in notebook.cells:
        if original.cell_type not in ("markdown", "code"):
            continue
        cell = NotebookNode(cell_type=original.cell_type, metadata=NotebookNode(), id=original.id)
        cell.source = original.source if original.cell_type == "markdown" else ""
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [_clean_output(each) for each in original.outputs if _is_shown(each)]
        elif not has_title:
            cell.source, has_title = _drop_first_heading(cell.source)
        story.cells.append(cell)
    return story


def _drop_first_heading(markdown: str) -> tuple[str, bool]:
    shortened, count = re.subn(r"^ {0,3}#{1,6}[ \t]+.*\n?", "", markdown, count=1, flags=re.M)
    return shortened, count == 1


def _is_shown(output: NotebookNode) -> bool:
    """Printed text and warnings have no ``data``; the released estimates are for the data file."""
    return "data" in output and MIME_TYPE not in output.data


def _clean_output(output: NotebookNode) -> NotebookNode:
    data = dict(output.data)
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            data[kind] = _clean_html("".join(data[kind]))
    if "text/html" in data:
        data["text/html"] = _frame_table(data["text/html"])
    metadata = NotebookNode(output.get("metadata", {}))
    return NotebookNode(output_type="display_data", data=data, metadata=metadata)


def _clean_html(text: str) -> str:
    """Drop style sheets of tables (the page has one for all) and the file header of figures.

    A figure's namespaces mean nothing inside HTML, and its metadata may hold a date.
    """
    parts = _SVG.split(_SVG_CARGO.sub("", text))
    outside = [_STYLE.sub("", each) for each in parts[::2]]
    figures = [_NAMESPACE.sub("", each) for each in parts[1::2]]
    woven = [each for pair in zip(outside, [*figures, ""], strict=True) for each in pair]
    return "".join(woven).strip()


def _frame_table(text: str) -> str:
    """Let a wide table scroll inside a frame that the keyboard reaches, unless it has one."""
    if not _HAS_TABLE.search(text) or _KEEPS_ITS_FRAME.search(text):
        return text
    title = _TABLE_TITLE.search(text)
    words = re.sub(r"<[^>]*>", "", title[1]).strip() if title else ""
    # the label was HTML text already, so only its quotes still need escaping
    label = (words or "Table").replace('"', "&quot;")
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">\n{text}\n</div>'


class _Prose(IPythonRenderer):
    """Markdown to HTML: raw HTML escaped, headings in order and anchored, nothing linked outside.

    Headings below the title start at level 2 and never skip one on the way down.
    """

    def __init__(self) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False, exclude_anchor_links=True)
        self.headings: list[Heading] = []
        self._level = 1

    def render(self, markdown: str) -> str:
        return str(MarkdownWithMath(renderer=self).render("".join(markdown)))

    def heading(self, text: str, level: int, **_: Any) -> str:
        self._level = max(2, min(level, self._level + 1))
        plain = html.unescape(re.sub(r"<[^>]*>", "", text))
        anchor = self._make_anchor(plain)
        self.headings.append(Heading(self._level, plain, anchor))
        return f'<h{self._level} id="{anchor}">{text}</h{self._level}>\n'

    def _make_anchor(self, text: str) -> str:
        # the prefix keeps anchors apart from the ids of tables, figures and the page itself
        base = "section-" + (re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "untitled")
        taken = {each.anchor for each in self.headings}
        numbers = (f"{base}-{number}" for number in range(2, len(taken) + 3))
        return next(each for each in (base, *numbers) if each not in taken)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if url.startswith("#"):
            return f'<a href="{html.escape(url)}">{text}</a>'
        address = re.sub(r"^(https?://|mailto:)", "", url)
        if re.sub(r"^https?://", "", html.unescape(text)) == address:
            return html.escape(address)
        return f'{text} <span class="address">({html.escape(address)})</span>'

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return text

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{html.escape(code)}</code></pre>\n"

    def table(self, text: str) -> str:
        return (
            '<div class="scroll" role="region" tabindex="0" aria-label="Table">'
            f"<table>\n{text}</table></div>\n"
        )

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        align_class = f' class="gt_{align}"' if align else ""
        if head:
            return f'  <th scope="col"{align_class}>{text}</th>\n'
        return f"  <td{align_class}>{text}</td>\n"


def _find_headings(story: NotebookNode) -> list[Heading]:
    prose = _Prose()
    for cell in story.cells:
        if cell.cell_type == "markdown":
            prose.render(cell.source)
        for output in cell.get("outputs", []):
            if "text/markdown" in output.data and "text/html" not in output.data:
                prose.render(output.data["text/markdown"])
    return prose.headings


class _PageExporter(HTMLExporter):
    def from_notebook_node(self, nb: NotebookNode, resources: Any = None, **kw: Any) -> Any:
        # HTMLExporter would send the page through a parser that rewrites the figures' attributes
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


def _export(story: NotebookNode, page: Mapping[str, Any]) -> str:
    exporter = _PageExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        filters={"markdown2html": _Prose().render},
    )
    text, _ = exporter.from_notebook_node(story, {"page": page})
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


# ── what the page says about itself ──────────────────────────────────────────────────────────


def _list_notices(status: str, audience: str, origin: Mapping[str, Any]) -> list[dict[str, str]]:
    notices = []
    if audience == "internal":
        notices.append({"kind": "internal", "text": _INTERNAL})
    if origin.get("synthetic"):
        notices.append({"kind": "synthetic", "text": _SYNTHETIC})
    if status == "empty":
        notices.append({"kind": "empty", "text": _EMPTY})
    return notices


def _list_facts(
    audience: str, origin: Mapping[str, Any], parameters: Sequence[tuple[Parameter, Value]]
) -> list[tuple[str, str]]:
    facts = [
        ("Source", str(origin.get("source", ""))),
        ("Data until", name_month(str(origin.get("data_until", "")))),
        ("Audience", _AUDIENCES.get(audience, audience)),
        ("Selection", str(origin.get("selection", ""))),
    ]
    facts += [
        (_name(parameter), format_value(value))
        for parameter, value in parameters
        if parameter.name not in _TOLD_IN_HEADER and value not in ("", [], None)
    ]
    if origin.get("vocabulary_reviewed") is False:
        facts.append(("Vocabulary", "not yet reviewed by a clinician"))
    return [(label, value) for label, value in facts if value]


def _list_provenance(
    origin: Mapping[str, Any],
    parameters: Sequence[tuple[Parameter, Value]],
    provenance: Mapping[str, Any],
) -> list[dict[str, Any]]:
    asked = [
        {"label": _name(each), "value": format_value(value) or "not set", "help": each.help}
        for each, value in parameters
    ]
    made_of = [
        ("As of", origin.get("as_of", "")),
        ("Data", _shorten(origin.get("data_hash", ""))),
        ("Vocabulary", _shorten(_join(provenance["vocabulary"]))),
        ("Code", _shorten(provenance["code"])),
        ("Lock file", _shorten(provenance["lock"]) or "none found"),
        ("Python", provenance["python"]),
        *provenance["packages"].items(),
    ]
    return [
        {"title": "What was asked for", "rows": asked},
        {
            "title": "What it was made of",
            "rows": [{"label": label, "value": value} for label, value in made_of if value],
        },
    ]


def name_month(month: str) -> str:
    """Return "June 2026" for ``2026-06``; anything else as it is."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", month)
    return f"{_MONTHS[int(found[2]) - 1]} {found[1]}" if found else month


def format_value(value: Value) -> str:
    """Return a parameter's value as a reader sees it: empty for None and the empty list."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _name(parameter: Parameter) -> str:
    words = parameter.name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _join(hashes: Mapping[str, str]) -> str:
    """Return one hash of several; the data file has each."""
    told = "".join(f"{name}={each}\n" for name, each in sorted(hashes.items()))
    return hashlib.sha256(told.encode()).hexdigest() if told else ""


def _shorten(digest: str) -> str:
    return f"sha256 {digest[:_SHORT_HASH]}" if digest else ""


# ── nothing comes from elsewhere ─────────────────────────────────────────────────────────────


class _ForeignFinder(HTMLParser):
    """Collects, in words, whatever a page would load, run or hide from a screen reader."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self._is_in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _FOREIGN:
            self.found.add(f"a <{tag}> element")
        if tag == "img" and not given.get("alt"):
            self.found.add("an image without alternative text")
        self._is_in_style = tag == "style"
        for name, value in given.items():
            self._check_attribute(name, value)

    def _check_attribute(self, name: str, value: str) -> None:
        address = value.strip().lower()
        if name.startswith("on"):
            self.found.add(f"the script attribute {name!r}")
        elif name in ("href", "xlink:href") and not address.startswith(("#", "data:image/")):
            self.found.add("a link to elsewhere")
        elif name in ("src", "srcset", "action", "formaction", "poster") and not (
            address.startswith("data:image/")
        ):
            self.found.add("something loaded from elsewhere")
        elif _LOADS.search(value):
            self.found.add("a style that loads from elsewhere")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._is_in_style = False

    def handle_data(self, data: str) -> None:
        if self._is_in_style and _LOADS.search(data):
            self.found.add("a style that loads from elsewhere")

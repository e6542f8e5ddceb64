"""Tells a vocabulary block in words, with its source; METHODS.md is written from here."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from analysis.errors import UsageError
from analysis.vocabulary.terms import Method, Vocabulary

KINDS: Final[Mapping[str, str]] = {
    "concerns": "concern",
    "scales": "scale",
    "side_effects": "side effect",
    "contraindications": "contraindication",
    "protocol": "number of the protocol",
    "methods": "method",
    "benchmarks": "published study",
    "regulatory": "regulatory status",
    "claims": "claim of the patient article",
}
_ABSENT: Final = "not known from a primary source"
_SAID_APART: Final = {"key", "name", "local", "checked_by", "reviewed_on", "reference"}


def list_terms(vocabulary: Vocabulary) -> str:
    """Return the keys of all blocks, one line per kind."""
    lines = []
    for kind in KINDS:
        blocks = getattr(vocabulary, kind)
        lines.append(f"{kind.replace('_', ' ')} ({len(blocks)}): {', '.join(blocks)}")
    return "\n".join(lines)


def describe_term(vocabulary: Vocabulary, term: str) -> str:
    """Return every block whose key, name or spelling is ``term``, in readable form.

    Raises
    ------
    UsageError
        When no block has it; the nearest spelling is offered.
    """
    wanted = term.casefold().strip()
    found, spellings = [], set()
    for kind, name in KINDS.items():
        for block in getattr(vocabulary, kind).values():
            known = {each.casefold() for each in _list_spellings(block)}
            spellings |= known
            if wanted in known:
                found.append(describe_block(block, name))
    if not found:
        raise UsageError.for_unknown_among("term", term, spellings)
    return "\n\n".join(found)


def describe_block(block: Any, kind: str) -> str:
    """Return one block as lines of text: what it says, what is not known, and its source."""
    name = getattr(block, "name", block.key)
    local = ", from this clinic's own vocabulary" if getattr(block, "local", False) else ""
    lines = [f"{block.key}: {name} ({kind}{local})"]
    for item in fields(block):
        if item.name in _SAID_APART:
            continue
        value = getattr(block, item.name)
        if value not in ((), "") and not (isinstance(value, Mapping) and not value):
            lines += _describe_value(item.name.replace("_", " "), value, "  ")
    lines.append(f"  source: {block.reference}")
    if hasattr(block, "checked_by"):
        checked = f"{block.checked_by}, {block.reviewed_on}" if block.checked_by else "nobody yet"
        lines.append(f"  checked by: {checked}")
    return "\n".join(lines)


def describe_methods(methods: Mapping[str, Method]) -> str:
    """Return the methods as a Markdown table."""
    rows = [
        f"| `{key}` | {each.name} | {each.text} | {each.reference} | {each.deviation or 'none'} |"
        for key, each in methods.items()
    ]
    head = [
        "| key | method | what it says | reference | where we deviate |",
        "| --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows]) + "\n"


def describe_protocol(vocabulary: Vocabulary) -> str:
    """Return the numbers of the rules as a Markdown table."""
    rows = [
        f"| `{key}` | {each.value:g} | {each.unit} | {each.meaning} | {each.reference} |"
        for key, each in vocabulary.protocol.items()
    ]
    head = ["| key | value | unit | meaning | source |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *rows]) + "\n"


def _list_spellings(block: Any) -> list[str]:
    names = [block.key, getattr(block, "name", "")]
    names += getattr(block, "spellings", ())
    return [name for name in [*names, *getattr(block, "short_spellings", ())] if name]


def _describe_value(name: str, value: Any, indent: str) -> list[str]:
    if is_dataclass(value):
        lines = [f"{indent}{name}:"]
        for item in fields(value):
            known = getattr(value, item.name)
            if known not in (None, "", ()):
                lines += _describe_value(item.name.replace("_", " "), known, indent + "  ")
        return lines
    if isinstance(value, tuple) and any(is_dataclass(each) for each in value):
        return [
            line
            for place, each in enumerate(value, start=1)
            for line in _describe_value(f"{name} {place}", each, indent)
        ]
    if isinstance(value, Mapping):
        return [f"{indent}{name}:"] + [
            line
            for key, each in value.items()
            for line in _describe_value(key, each, indent + "  ")
        ]
    return [f"{indent}{name}: {_write(value)}"]


def _write(value: Any) -> str:
    if value is None:
        return _ABSENT
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], float):
        return f"{value[0]:g} to {value[1]:g}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)

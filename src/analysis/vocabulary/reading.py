"""Reads vocabulary files into frozen dataclasses; every slip names file, block and key."""

import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from analysis.errors import VocabularyError, sentence_for_unknown
from analysis.vocabulary.checking import check_products, check_status, check_study
from analysis.vocabulary.terms import (
    Claim,
    Concern,
    Constant,
    Contraindication,
    Method,
    RegulatoryStatus,
    Scale,
    SideEffect,
    Study,
    Vocabulary,
)

Block = TypeVar("Block")

FILES: Mapping[str, type] = MappingProxyType(
    {
        "concerns": Concern,
        "scales": Scale,
        "side_effects": SideEffect,
        "contraindications": Contraindication,
        "protocol": Constant,
        "methods": Method,
        "benchmarks": Study,
        "regulatory": RegulatoryStatus,
        "claims": Claim,
    }
)
PUBLISHED = ("benchmarks", "regulatory")
"""Facts that others published: a clinic may add to them, and may not rewrite one."""
FIXED = ("claims",)
"""Each block has a rule of its own in the code, so a clinic can neither add one nor rewrite it."""
_FOLDER = Path(__file__).parent
_SET_BY_US = {"key", "local"}
OVERLAY = "vocabulary.toml"
"""A clinic's own file: the same blocks, below the name of the file they belong to."""


def read_vocabulary(overlay: Path | None = None) -> Vocabulary:
    """Return the built-in vocabulary, with a clinic's own file laid over it.

    A block of the overlay that has the key of a built-in one replaces it whole, but for published
    results and regulatory decisions: what others published is added to and never rewritten.

    Raises
    ------
    VocabularyError
        For an unknown or missing key, a value of the wrong type, a doubled spelling, a responder
        rule outside the range, a scale that fits no concern, or a published number that cannot be.
    """
    parts: dict[str, dict[str, Any]] = {
        name: _read_blocks(f"{name}.toml", _read_toml(_FOLDER / f"{name}.toml"), kind, local=False)
        for name, kind in FILES.items()
    }
    places = {name: dict.fromkeys(blocks, f"{name}.toml") for name, blocks in parts.items()}
    if overlay is not None and overlay.exists():
        for name, blocks in _read_toml(overlay).items():
            if name not in FILES or name in FIXED or not isinstance(blocks, dict):
                possible = [each for each in FILES if each not in FIXED]
                raise VocabularyError.for_slip(
                    OVERLAY, name, "", sentence_for_unknown("group of blocks", name, possible)
                )
            local: dict[str, Any] = _read_blocks(
                f"{OVERLAY} ({name})", blocks, FILES[name], local=True
            )
            if name in PUBLISHED:
                _refuse_rewriting(name, local, parts[name])
            parts[name] |= local
            places[name] |= dict.fromkeys(local, f"{OVERLAY} ({name})")
    vocabulary = Vocabulary(**{name: MappingProxyType(blocks) for name, blocks in parts.items()})
    _check(vocabulary, places)
    effects = {**vocabulary.side_effects, **_add_adverse_terms(vocabulary.side_effects)}
    return replace(vocabulary, side_effects=MappingProxyType(effects))


def _refuse_rewriting(name: str, local: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for key in local:
        if key in known:
            slip = "is there already; what others published is not rewritten: take another key"
            raise VocabularyError.for_slip(f"{OVERLAY} ({name})", key, "", slip)


def _add_adverse_terms(effects: Mapping[str, SideEffect]) -> dict[str, SideEffect]:
    """Return the expected reactions with the term they become when they last too long, and that
    term's block where no file has one."""
    added: dict[str, SideEffect] = {}
    for key, effect in effects.items():
        if effect.promote_after_hours is None:
            continue
        adverse = effect.promotes_to or f"prolonged_{key}"
        added[key] = replace(effect, promotes_to=adverse)
        if adverse not in effects and not effect.promotes_to:
            added[adverse] = SideEffect(
                key=adverse,
                name=f"prolonged {effect.name}",
                severity_class="adverse",
                meaning=f"{effect.name.capitalize()} that lasted longer than "
                f"{effect.promote_after_hours:g} hours.",
                reference=effect.reference,
                checked_by=effect.checked_by,
                reviewed_on=effect.reviewed_on,
                local=effect.local,
            )
    return added


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # decimals keep the digits that were printed: 6.50 is not 6.5
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise VocabularyError(f"{path.name} is not valid TOML: {problem}.") from None


def _read_blocks(
    file: str, blocks: Mapping[str, Any], kind: type[Block], *, local: bool
) -> dict[str, Block]:
    return {key: _read_block(file, key, block, kind, local=local) for key, block in blocks.items()}


def _read_block(file: str, key: str, block: Any, kind: type[Block], *, local: bool) -> Block:
    if not isinstance(block, dict):
        raise VocabularyError.for_slip(file, key, "", "is a value where a block is expected")
    hints = typing.get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for name in block:
        if name not in known or name in _SET_BY_US:
            possible = set(known) - _SET_BY_US
            raise VocabularyError.for_slip(
                file, key, name, sentence_for_unknown("key", name, possible)
            )
    for name, item in known.items():
        if name not in block and name not in _SET_BY_US and _is_required(item):
            raise VocabularyError.for_slip(file, key, name, "is missing")
    values = {name: _cast(file, key, name, value, hints[name]) for name, value in block.items()}
    if "key" in known:
        values["key"] = key
    if "local" in known:
        values["local"] = local
    return kind(**values)


def _is_required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _cast(file: str, block: str, key: str, value: Any, hint: Any) -> Any:
    """Return the value as the field's type, or say what was found and what is expected."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _cast(file, block, key, value, arguments[0])
    if origin is typing.Literal:
        if value in arguments:
            return value
        expected = f"is {value!r}; expected one of {', '.join(map(repr, arguments))}"
        raise VocabularyError.for_slip(file, block, key, expected)
    if origin is tuple and isinstance(value, list):
        item, *rest = arguments
        if rest and rest[0] is not Ellipsis and len(value) != len(arguments):
            slip = f"has {len(value)} values; expected {len(arguments)}"
            raise VocabularyError.for_slip(file, block, key, slip)
        return tuple(
            _cast(file, block, f"{key} {place}" if is_dataclass(item) else key, each, item)
            for place, each in enumerate(value, start=1)
        )
    if origin is not None and issubclass(origin, Mapping) and isinstance(value, dict):
        return MappingProxyType(
            {
                name: _cast(file, f"{block}.{key}", name, each, arguments[1])
                for name, each in value.items()
            }
        )
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        return _read_block(file, f"{block}.{key}", value, hint, local=False)
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    if hint is float and is_number:
        return float(value)
    if hint is Decimal and is_number and (found := Decimal(value)).is_finite():
        return found
    if hint in (str, bool, int) and type(value) is hint:
        return value
    expected = "a number" if hint is Decimal else getattr(hint, "__name__", str(hint))
    found_type = "float" if isinstance(value, Decimal) else type(value).__name__
    raise VocabularyError.for_slip(file, block, key, f"is a {found_type}; expected {expected}")


def _check(vocabulary: Vocabulary, places: Mapping[str, Mapping[str, str]]) -> None:
    for name in ("concerns", "scales", "side_effects", "contraindications"):
        _check_spellings(getattr(vocabulary, name), places[name])
    for key, scale in vocabulary.scales.items():
        _check_scale(vocabulary, scale, places["scales"][key])
    for key, study in vocabulary.benchmarks.items():
        check_study(vocabulary, study, places["benchmarks"][key])
    for key, status in vocabulary.regulatory.items():
        check_status(vocabulary, status, places["regulatory"][key])
    check_products(vocabulary.regulatory, places["regulatory"])
    for key, effect in vocabulary.side_effects.items():
        file = places["side_effects"][key]
        for name in ("onset_days", "usual_hours"):
            span = getattr(effect, name)
            if span is not None and not 0 <= span[0] <= span[1]:
                slip = f"is {span[0]:g} to {span[1]:g}; expected a first and a later time"
                raise VocabularyError.for_slip(file, key, name, slip)
        if effect.promotes_to and effect.promotes_to not in vocabulary.side_effects:
            slip = sentence_for_unknown("side effect", effect.promotes_to, vocabulary.side_effects)
            raise VocabularyError.for_slip(file, key, "promotes_to", slip)
        if effect.promotes_to and effect.promote_after_hours is None:
            raise VocabularyError.for_slip(
                file, key, "promote_after_hours", "is missing beside promotes_to"
            )


def _check_spellings(blocks: Mapping[str, Any], places: Mapping[str, str]) -> None:
    seen: dict[str, str] = {}
    for key, block in blocks.items():
        for field_name in ("spellings", "short_spellings"):
            for spelling in getattr(block, field_name, ()):
                folded = spelling.casefold()
                if folded in seen:
                    slip = f"the spelling {spelling!r} stands in block [{seen[folded]}] already"
                    raise VocabularyError.for_slip(places[key], key, field_name, slip)
                seen[folded] = key


def _check_scale(vocabulary: Vocabulary, scale: Scale, file: str) -> None:
    def refuse(key: str, slip: str) -> None:
        raise VocabularyError.for_slip(file, scale.key, key, slip)

    if not scale.concerns:
        refuse("concerns", "is empty: a scale must fit a concern, or 'any'")
    for concern in scale.concerns:
        if concern != "any" and concern not in vocabulary.concerns:
            refuse("concerns", sentence_for_unknown("concern", concern, vocabulary.concerns))
    if (scale.direction == "declared") != bool(scale.codings):
        refuse("codings", "go with the direction 'declared', and that direction needs them")
    for coding in scale.codings:
        _check_scale(vocabulary, scale.declare(coding), file)
    low, high = scale.minimum, scale.maximum
    if low is not None and high is not None and low >= high:
        refuse("maximum", f"is {high:g}; expected more than the minimum {low:g}")
    for grade, (least, most) in scale.bands.items():
        if grade not in scale.grades or not 0 <= least < most <= 100:
            refuse("bands", f"{grade!r} is {least:g} to {most:g}; expected percent of a grade")
    rule = scale.responder
    if rule is None:
        return
    if (scale.kind == "change") != (rule.rule in ("at_most", "at_least")):
        refuse("responder", f"the rule {rule.rule!r} does not go with a {scale.kind} scale")
    if rule.rule == "percent_better" and not 0 < rule.amount <= 100:
        refuse("responder", f"{rule.amount:g} percent is outside 0 to 100")
    if low is not None and high is not None:
        if rule.rule == "points_better" and not 0 < rule.amount <= high - low:
            refuse("responder", f"{rule.amount:g} is outside the range {low:g} to {high:g}")
        if rule.rule in ("at_most", "at_least") and not low <= rule.amount <= high:
            refuse("responder", f"{rule.amount:g} is outside the range {low:g} to {high:g}")

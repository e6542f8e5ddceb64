"""What is true of the example, from the clean state, and every slip with its place.

Nothing here is read from the files that were written.
"""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from analysis.intake.example import harms
from analysis.intake.example.clinics import BAD_LOT, EXTRACTED_ON
from analysis.intake.example.courses import Course, Session
from analysis.intake.example.layouts import SCALES
from analysis.intake.example.measures import MEASURES, REGRESSION
from analysis.intake.example.people import Person
from analysis.intake.example.rows import Row
from analysis.intake.example.surviving import WINDOW, Tables, count_closed_courses
from analysis.vocabulary import BUILT_IN, Responder

TRUTH: Final = "truth.json"
NOTE: Final = (
    "Synthetic: nobody in these files exists. Effects and rates are those of the clean state, "
    "before anything was forgotten, lost or mistyped; 'planted' lists what was mistyped."
)


class Sums:
    """Counts, sums and squares of one quantity, so that no list grows with the patients."""

    def __init__(self) -> None:
        self.count, self.total, self.squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.squares += value * value

    def describe(self) -> dict[str, float]:
        """Return count, mean and standard deviation, rounded."""
        mean = self.total / self.count
        variance = max(self.squares / self.count - mean**2, 0)
        return {"count": self.count, "mean": round(mean, 4), "spread": round(variance**0.5, 4)}


class Effect:
    """What became of the first courses of one concern on one scale, closed at the end."""

    def __init__(self) -> None:
        self.baseline, self.by_treatment = Sums(), Sums()
        self.by_regression, self.as_scored = Sums(), Sums()
        self._counts = [[0, 0], [0, 0]]

    def count(self, is_seen: bool, *, is_responder: bool) -> None:
        self._counts[is_seen][is_responder] += 1

    def describe(self, *, has_rule: bool) -> dict[str, Any]:
        """Return the sums; a change scale has no baseline, some scales no responder rule."""
        (_, unseen), (seen_not, seen) = self._counts
        block: dict[str, Any] = {"courses": sum(map(sum, self._counts)), "seen": seen + seen_not}
        if has_rule:
            block |= {"responders": seen + unseen, "responders seen": seen}
        if not self.baseline.count:
            return block | {"score, had all been seen": self.as_scored.describe()}
        return block | {
            "baseline": self.baseline.describe(),
            "better by treatment": self.by_treatment.describe(),
            "better by regression to the mean": self.by_regression.describe(),
            "better as scored, had all been seen": self.as_scored.describe(),
        }


class Truth:
    """Writes ``truth.json`` while the patients go by: the slips as they are planted, then sums."""

    def __init__(
        self, folder: Path, *, patients: int, seed: int, form: str, bad_lot_factor: float
    ) -> None:
        self._bad_lot_factor = bad_lot_factor
        self._head = {"note": NOTE, "form": form, "patients": patients, "seed": seed}
        self._file: IO[str] = (folder / TRUTH).open("w", encoding="utf-8", newline="\n")
        self._slips: Counter[str] = Counter()
        self._clean: Counter[str] = Counter()
        self._surviving: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._known_closed: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._people: Counter[str] = Counter()
        self._people_of: Counter[str] = Counter()
        self._lots: Counter[str] = Counter()
        self._effects: dict[tuple[str, str], Effect] = {}

    def __enter__(self) -> "Truth":
        head = json.dumps(self._head, indent=1)[:-2]
        self._file.write(head + ',\n "planted": [')
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            rest = json.dumps(self._summarise(), indent=1, ensure_ascii=False)
            self._file.write("\n ],\n" + rest[2:] + "\n")
        self._file.close()

    # --- slips --------------------------------------------------------------------------------

    def plant(
        self, file: str, sheet: str | None, line: int, column: str | None, rule: str, slip: str
    ) -> None:
        """Note one slip where it stands: physical line, or row of a sheet."""
        place = {"file": file, "sheet": sheet, "line": line, "column": column}
        text = json.dumps(place | {"kind": rule, "slip": slip}, ensure_ascii=False)
        self._file.write(("," if self._slips else "") + "\n  " + text)
        self._slips[slip] += 1

    # --- the clean state ----------------------------------------------------------------------

    def add_person(self, person: Person, courses: Sequence[Course], not_typed_in: int) -> None:
        """Count a patient as they truly were."""
        self._clean["rows not yet typed in"] += not_typed_in
        self._clean["patients"] += 1
        sessions = [each for course in courses for each in (*course.sessions, *course.between)]
        self._clean["sessions"] += len(sessions)
        self._clean["courses"] += len(courses)
        self._add_harms(person, sessions)
        for course in courses:
            is_index = course.sessions[0].modality == "microneedling"
            if not is_index or course.last_day + WINDOW > EXTRACTED_ON:
                continue
            self._closed[person.concern] += 1
            if course.number == 1:
                self._add_effect(person, course)

    def _add_harms(self, person: Person, sessions: Sequence[Session]) -> None:
        group = harms.find_skin_group(person.skin_type)
        self._people_of["all"] += 1
        self._people_of[group] += 1
        terms = {event.term for session in sessions for event in session.events}
        for term in terms:
            self._people[term] += 1
            self._people[f"{term} {group}"] += 1
        for session in sessions:
            for term in {event.term for event in session.events}:
                self._events[term] += 1
        lots = {session.cartridge_lot for session in sessions}
        which = "with" if BAD_LOT in lots else "without"
        self._lots[which] += 1
        self._lots[f"{which}, pih"] += "pih" in terms

    def _add_effect(self, person: Person, course: Course) -> None:
        for path, before, final in zip(course.paths, course.before, course.finals, strict=True):
            measure, done = path.measure, len(course.sessions)
            first = measure.score(path.severity + path.waver)
            better = (final - first) * measure.sign
            treated = (path.find_severity(done) - path.severity) * measure.sign
            block = self._find_effect(person.concern, measure.scale)
            block.baseline.add(first)
            block.by_treatment.add(treated)
            block.by_regression.add(-path.waver * measure.sign)
            block.as_scored.add(better)
            is_seen = before[0] is not None and course.reviewed_on is not None
            block.count(is_seen, is_responder=_responds(measure.scale, first, better))
        if not course.paths:
            score = course.opinions[person.opinion]
            block = self._find_effect(person.concern, person.opinion)
            block.as_scored.add(score)
            is_responder = _responds(person.opinion, 0, score)
            block.count(course.reviewed_on is not None, is_responder=is_responder)

    def _find_effect(self, concern: str, scale: str) -> "Effect":
        return self._effects.setdefault((concern, scale), Effect())

    # --- the surviving state ------------------------------------------------------------------

    def add_surviving(self, tables: Tables, rows: Sequence[Row]) -> None:
        """Count what a correct reader gets of one patient id."""
        self._surviving["rows"] += len(rows)
        for name in ("patients", "sessions", "targets", "assessments", "side_effects"):
            self._surviving[name] += len(tables[name])
        self._surviving["screening"] += len(tables["screening"])
        self._surviving["recorded"] += len(tables["recorded"])
        self._known_closed.update(count_closed_courses(tables, EXTRACTED_ON))

    # --- the sums -----------------------------------------------------------------------------

    def _summarise(self) -> dict[str, Any]:
        order = [*BUILT_IN.analysed_concerns]
        return {
            "as_of": EXTRACTED_ON.isoformat(),
            "planted_counts": dict(sorted(self._slips.items())),
            "clean": {
                **self._clean,
                "closed courses of microneedling by main concern": _in_order(self._closed, order),
            },
            "surviving": {
                **self._surviving,
                "closed courses of microneedling by concern": _in_order(self._known_closed, order),
            },
            "effects": self._describe_effects(),
            "rates": self._describe_rates(),
            "bad_lot": {
                "lot": BAD_LOT,
                "factor": self._bad_lot_factor,
                "patients with it": self._lots["with"],
                "of them with pih": self._lots["with, pih"],
                "patients without it": self._lots["without"],
                "of those with pih": self._lots["without, pih"],
            },
            "constants": {
                "pih per session": harms.PIH_PER_SESSION,
                "expected reactions per session": {
                    key: each.share for key, each in harms.EXPECTED.items()
                },
                "adverse reactions per session": {
                    key: each.share for key, each in harms.ADVERSE.items()
                },
                "change by a full course": {
                    key: {"mean": each.change[0], "spread": each.change[1], "share": each.is_share}
                    for key, each in MEASURES.items()
                },
                "regression to the mean": {
                    key: round(each.waver * REGRESSION, 4) for key, each in MEASURES.items()
                },
            },
        }

    def _describe_effects(self) -> dict[str, Any]:
        described: dict[str, Any] = {}
        for (concern, scale), effect in sorted(self._effects.items()):
            has_rule = _find_rule(scale) is not None
            described.setdefault(concern, {})[scale] = effect.describe(has_rule=has_rule)
        return described

    def _describe_rates(self) -> dict[str, Any]:
        sessions, people = self._clean["sessions"], self._people_of
        return {
            term: {
                "sessions": count,
                "of sessions": sessions,
                "patients": self._people[term],
                "of patients": people["all"],
                "patients I-III": self._people[f"{term} I-III"],
                "of patients I-III": people["I-III"],
                "patients IV-VI": self._people[f"{term} IV-VI"],
                "of patients IV-VI": people["IV-VI"],
            }
            for term, count in sorted(self._events.items())
        }


def _in_order(counts: Counter[str], order: Sequence[str]) -> dict[str, int]:
    return {key: counts[key] for key in order}


def _find_rule(scale: str) -> Responder | None:
    known = BUILT_IN.scales[scale]
    return known.declare(SCALES[scale]).responder if scale in SCALES else known.responder


def _responds(scale: str, first: float, better: float) -> bool:
    """Return whether somebody meets the responder rule: ``better`` is by how much the score got
    better, or the score itself on a change scale."""
    rule = _find_rule(scale)
    if rule is None:
        return False
    if rule.rule == "percent_better":
        return first > 0 and 100 * better / first >= rule.amount
    return better <= rule.amount if rule.rule == "at_most" else better >= rule.amount

"""Two editions beside each other: which numbers moved, what they were made from, whose entries."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.cli import app
from analysis.errors import OutcomesError, UsageError
from analysis.intake.changes import LogChanges, find_kept, find_log_changes
from analysis.reporting.compare import compare_editions, write_row
from analysis.reporting.editions import Published, read_published
from logs import load, read_table, to_csv

ROW = {
    **{"status": "shown", "unit": "patients", "count": 20, "total": 25, "value": 0.8},
    **{"low": 0.609, "high": 0.911, "method": "wilson", "note": "", "shown_as": ""},
}
HIDDEN = ROW | {
    **{"status": "suppressed", "count": None, "value": None, "low": None, "high": None},
    **{"shown_as": "1 to 4 of 25"},
}
CONTENT: dict[str, Any] = {
    "format": 1,
    "report": "concern",
    "edition": "example",
    "page": {"file": "example.html", "sha256": "00"},
    "parameters": {"source": "clinic", "period": "2025-Q3", "clinic": []},
    "audience": "shareable",
    "status": "done",
    "threshold": 5,
    "origin": {"source": "clinic", "as_of": "2026-06-30", "data_hash": "one"},
    "provenance": {
        "code": "c0de",
        "vocabulary": {"protocol.toml": "aa", "scales.toml": "bb"},
        "inputs": {"as_of": "d", "log": "e", "source.toml": "f", "vocabulary.toml": "g"},
        "lock": "10cc",
        "python": "3.11",
        "packages": {"pandas": "3.0.1"},
    },
    "estimates": {"responders": ROW},
}


def change(content: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a copy with one value changed; the path is the keys with slashes between them."""
    copy: dict[str, Any] = json.loads(json.dumps(content))
    *keys, last = path.split("/")
    part = copy
    for key in keys:
        part = part[key]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return copy


def publish(content: dict[str, Any]) -> Published:
    return Published(path=Path("example.html"), page=b"", data=b"", content=content)


WRITTEN = {
    "a share": (ROW, "20 of 25 (80.0 %, 60.9 to 91.1 %)"),
    "a share without interval": (ROW | {"low": None, "high": None}, "20 of 25 (80.0 %)"),
    "a mean": (ROW | {"value": -1.25, "low": -2.0, "high": -0.5}, "-1.25, -2 to -0.5 (20 of 25)"),
    "a rate": (ROW | {"count": 7, "value": 3.5, "low": None, "high": None}, "3.5 (7 of 25)"),
    "a count": (ROW | {"total": None, "value": None}, "20"),
    "what is hidden": (HIDDEN, "hidden (1 to 4 of 25)"),
    "nothing": ({"status": "not estimable"}, "not estimable"),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_number_in_words(case: str) -> None:
    """Numerator and denominator first, then percent or value with its interval."""
    row, words = WRITTEN[case]

    assert write_row(row) == words


MOVED = {
    # path below "estimates", value                            | address, kind, columns
    "the numerator": ("responders/count", 21, ("responders", "moved", ("count",))),
    "the interval": ("responders/low", 0.6, ("responders", "moved", ("low",))),
    "hidden since": ("responders", HIDDEN, ("responders", "hidden", None)),
    "another method": ("responders/method", "exact", ("responders", "reworded", ("method",))),
    "one more": ("improved", ROW, ("improved", "appeared", ())),
    "one fewer": ("responders", None, ("responders", "gone", ())),
}


@pytest.mark.parametrize("case", MOVED)
def test_each_way_a_number_can_change(case: str) -> None:
    """Named by its address, with what became of it."""
    path, value, (address, kind, columns) = MOVED[case]

    found = compare_editions(publish(CONTENT), publish(change(CONTENT, f"estimates/{path}", value)))

    (told,) = found.changes
    assert (told.address, told.kind) == (address, kind)
    assert columns is None or told.columns == columns
    assert found.made_from == ()
    assert found.count() == {kind: 1}


def test_what_is_shown_since_is_told_with_both_numbers() -> None:
    """From hidden to shown, in words of each page."""
    old = publish(change(CONTENT, "estimates/responders", HIDDEN))

    (told,) = compare_editions(old, publish(CONTENT)).changes

    assert (told.kind, told.old, told.new) == (
        "shown",
        "hidden (1 to 4 of 25)",
        "20 of 25 (80.0 %, 60.9 to 91.1 %)",
    )


MADE_FROM = {
    "a parameter": (
        {"parameters/period": "2025-Q4"},
        ["the parameter period was 2025-Q3 and is 2025-Q4"],
    ),
    "a list": (
        {"parameters/clinic": ["north", "south"]},
        ["the parameter clinic was empty and is north, south"],
    ),
    "a parameter of a newer notebook": (
        {"parameters/device": []},
        ["the parameter device is new: empty"],
    ),
    "the day": (
        {"origin/as_of": "2026-07-31", "origin/data_hash": "two", "provenance/inputs/as_of": "x"},
        ["the log was read as of 2026-06-30, and 2026-07-31 now"],
    ),
    "the log": (
        {"origin/data_hash": "two", "provenance/inputs/log": "x"},
        ["the data changed: the log, or its corrections"],
    ),
    "the settings": (
        {"origin/data_hash": "two", "provenance/inputs/source.toml": "x"},
        ["the source.toml of the source changed"],
    ),
    "the clinic's own vocabulary": (
        {"origin/data_hash": "two", "provenance/inputs/vocabulary.toml": "x"},
        ["the vocabulary.toml of the source changed"],
    ),
    "a constant of the vocabulary": (
        {
            "origin/data_hash": "two",
            "provenance/vocabulary/protocol.toml": "x",
            "provenance/inputs/vocabulary": "x",
        },
        ["the vocabulary changed: protocol.toml"],
    ),
    "data of which no parts were written down": (
        {"origin/data_hash": "two", "provenance/inputs": {}},
        ["the data changed: the log, its corrections, its settings, or a vocabulary"],
    ),
    "the code": (
        {"provenance/code": "x"},
        ["the code changed: the package, or the notebook of the report"],
    ),
    "the lock": ({"provenance/lock": "x"}, ["the lock file changed: requirements.txt"]),
    "Python": ({"provenance/python": "3.12"}, ["Python was 3.11 and is 3.12"]),
    "a package": (
        {"provenance/packages/pandas": "3.1.0"},
        ["the package pandas was 3.0.1 and is 3.1.0"],
    ),
    "a package that is new": (
        {"provenance/packages/scipy": "1.16"},
        ["the package scipy was not installed and is 1.16"],
    ),
}


@pytest.mark.parametrize("case", MADE_FROM)
def test_what_changed_between_the_two(case: str) -> None:
    """Each in one sentence, and nothing else is blamed."""
    changes, sentences = MADE_FROM[case]
    new = CONTENT
    for path, value in changes.items():
        new = change(new, path, value)

    found = compare_editions(publish(CONTENT), publish(new))

    assert [*found.made_from] == sentences
    assert found.changes == ()


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("report", "overview", "Editions of one report can be compared"),
        ("audience", "internal", "shows what the other hides"),
    ],
)
def test_what_cannot_be_compared_is_one_sentence(path: str, value: str, said: str) -> None:
    """Two reports, and two audiences."""
    with pytest.raises(UsageError, match=said):
        compare_editions(publish(CONTENT), publish(change(CONTENT, path, value)))


UNREADABLE = {
    # name of the file, what stands in it | class, what is said
    "nothing there": ("gone.html", None, UsageError, "There is no page"),
    "neither of the two": ("notes.txt", "", UsageError, "neither a page"),
    "the page of a failed run": ("a.failed.html", "", UsageError, "neither a page"),
    "a page without data": ("a.html", "<p>", OutcomesError, "is not there ('a.json')"),
    "not JSON": ("a.json", "{", OutcomesError, "cannot be read as the data file"),
    "JSON of something else": ("a.json", "[1]", OutcomesError, "cannot be read as the data file"),
    "a part missing": ("a.json", '{"format": 1}', OutcomesError, "cannot be read"),
    "another form": ("a.json", '{"format": 2}', OutcomesError, "another form"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_cannot_be_read_is_one_sentence(case: str, tmp_path: Path) -> None:
    """Whatever stands in place of a page and its data file."""
    name, text, kind, said = UNREADABLE[case]
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(kind) as raised:
        read_published(tmp_path / name, unreadable=OutcomesError)

    assert type(raised.value) is kind
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


# ── whose entries ────────────────────────────────────────────────────────────────────────────

OLD = """
session | patient | date       | pain
a1      | a       | 2026-01-10 | 3
a2      | a       | 2026-02-10 | 3
b1      | b       | 2026-01-20 | 3
b2      | b       | 2026-03-01 | 3
c1      | c       | 2026-01-15 | 3
"""
NOTHING = LogChanges(new=0, continued=0, late=0, corrected=0, gone=0)
GROWN = {
    "nothing": ("", "", {}),
    "a new patient": ("", "d1 | d | 2026-03-02 | 3", {"new": 1}),
    "a new patient, seen inside the old data": ("", "d1 | d | 2026-02-01 | 3", {"late": 1}),
    "a known patient again": ("", "a3 | a | 2026-03-05 | 3", {"continued": 1}),
    "a session of the last day": ("", "a3 | a | 2026-03-01 | 3", {"late": 1}),
    "a corrected pain": ("a2 |", "a2 | a | 2026-02-10 | 4", {"corrected": 1}),
    "a pain that was missing": ("a2 |", "a2 | a | 2026-02-10 | ", {"corrected": 1}),
    "a corrected day": ("b1 |", "b3 | b | 2026-01-21 | 3", {"late": 1, "gone": 1}),
    "everything at once": (
        "a2 |",
        "a2 | a | 2026-02-10 | 4\nb3 | b | 2026-04-01 | 3\nd1 | d | 2026-02-01 | 3\n"
        "d2 | d | 2026-04-01 | 3",
        {"late": 1, "continued": 1, "corrected": 1},
    ),
}


def write_tables(folder: Path, sessions: str, **others: str) -> Path:
    """Write the tables of a cohort as far as the comparison reads them."""
    tables = {
        "sessions": sessions,
        "patients": "patient | sex\n"
        + "\n".join(f"{each} | f" for each in "abcd" if f" {each} " in sessions),
        "targets": "session | concern\na1 | acne_scars",
        "assessments": "patient | concern | scale | date | session | area | side | rater | score",
        "side_effects": "session | patient | term | written_as | severity",
        "recorded": "session | patient | term\na1 | a | *",
        "screening": "session | patient | contraindication",
        **others,
    }
    folder.mkdir()
    for name, table in tables.items():
        header, *rows = [
            [cell.strip() for cell in line.split("|")]
            for line in table.splitlines()
            if line.strip()
        ]
        frame = pd.DataFrame(rows, columns=header, dtype="str").replace("", None)
        for column in ("pain", "score", "severity"):
            if column in frame:
                frame[column] = pd.to_numeric(frame[column]).astype("float64")
        if "date" in frame:
            frame["date"] = pd.to_datetime(frame["date"])
        frame.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("case", GROWN)
def test_whose_sessions_changed(case: str, tmp_path: Path) -> None:
    """One line of the old log is left out, others are added; patients are counted once each."""
    left_out, added, expected = GROWN[case]
    kept = [line for line in OLD.splitlines() if not left_out or not line.startswith(left_out[:2])]
    new = "\n".join([*kept, added])

    found = find_log_changes(
        write_tables(tmp_path / "old", OLD), write_tables(tmp_path / "new", new)
    )

    assert found == LogChanges(**vars(NOTHING) | expected)


SCORES = "patient | concern | scale | date | session | area | side | rater | score\n"
SCORE = "a | acne_scars | gb_qual | 2026-01-10 | a1 | | | investigator | 3"
HARM = "session | patient | term | written_as | severity\n"
ENTRIES = {
    # table             | old rows   | new rows                         | expected
    "a corrected score": ("assessments", SCORE, SCORE[:-1] + "2", {"corrected": 1}),
    "a score that is gone": ("assessments", SCORE, "", {"corrected": 1}),
    "a late score": ("assessments", "", SCORE, {"late": 1}),
    "a score of after the old data": (
        "assessments",
        "",
        SCORE.replace("2026-01-10", "2026-05-10"),
        {},
    ),
    "a score of another row": ("assessments", SCORE, SCORE.replace("| a1 |", "| a2 |"), {}),
    "a side effect entered later": ("side_effects", "", "a1 | a | pih | pih | 1", {"late": 1}),
    "another severity": (
        "side_effects",
        "a1 | a | pih | pih | 1",
        "a1 | a | pih | pih | 2",
        {"corrected": 1},
    ),
    "a promotion, which follows from elsewhere": (
        "side_effects",
        "a1 | a | erythema | erythema | 1",
        "a1 | a | prolonged_erythema | erythema | 1",
        {},
    ),
}
HEADS = {"assessments": SCORES, "side_effects": HARM}


@pytest.mark.parametrize("case", ENTRIES)
def test_whose_entries_changed(case: str, tmp_path: Path) -> None:
    """Scores and side effects in sessions that both logs have."""
    table, old, new, expected = ENTRIES[case]

    found = find_log_changes(
        write_tables(tmp_path / "old", OLD, **{table: HEADS[table] + old}),
        write_tables(tmp_path / "new", OLD, **{table: HEADS[table] + new}),
    )

    assert found == LogChanges(**vars(NOTHING) | expected)


def test_what_is_told_at_the_next_visit_is_not_late(tmp_path: Path) -> None:
    """Some logs write down at a visit what came of the one before."""
    told = "session | patient | term\na1 | a | *\na2 | a | *"

    found = find_log_changes(
        write_tables(tmp_path / "old", OLD),
        write_tables(tmp_path / "new", OLD + "a3 | a | 2026-03-05 | 3", recorded=told),
    )

    assert found == LogChanges(**vars(NOTHING) | {"continued": 1})


def test_logs_are_found_by_their_hash_and_few_patients_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command on real cohorts; when one is not kept any more it says so and goes on."""
    log = "patient | day | concern\n" + "\n".join(f"p{n} | {n} | acne scars" for n in range(9))
    old = load(tmp_path, log)
    more = "\n".join(f"q{n} | {100 + n} | acne scars" for n in range(6))
    rows = read_table(f"{log}\nr1 | 3 | acne scars\n{more}")
    (tmp_path / "data/clinic/log.csv").write_text(to_csv(rows), encoding="utf-8")
    new = load_again(tmp_path)
    assert find_kept(tmp_path, "clinic", old.origin.data_hash) == old.folder
    for name, cohort in (("old", old), ("new", new)):
        content = change(CONTENT, "origin/data_hash", cohort.origin.data_hash)
        content["provenance"]["inputs"] = dict(cohort.origin.inputs)
        (tmp_path / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    found = CliRunner().invoke(app, ["compare", "old.json", "new.json"])
    (old.folder / "account.json").unlink()
    after = json.loads(
        CliRunner().invoke(app, ["compare", "old.json", "new.json", "--json"]).stdout
    )

    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines() == [
        "changed: the data changed: the log, or its corrections",
        "patients: 6 new, 0 with further sessions, 1 to 4 with late entries, "
        "0 with corrected entries, 0 with sessions that are gone",
        "numbers: all the same",
    ]
    assert after["patients"] is None
    assert "the old page is not kept" in after["patients_unknown"]


def load_again(project: Path) -> Any:
    from analysis.intake.cohort import load_cohort

    return load_cohort("clinic", project=project)

"""How long a log takes to load, against DuckDB alone reading the same files as text.

    python benchmarks/intake.py                         # 100 k, 1 M and 10 M sessions, CSV
    python benchmarks/intake.py --sessions 100000 --form parquet

Each size is generated (five sessions per patient, a dozen columns, some mess), then in processes of
their own, so that each peak is its own: DuckDB alone reads the file as text and writes it as
Parquet; ``load_cohort`` reads it for the first time, and again from its cache; and DuckDB alone
copies the finished tables, which is less than any load can take that writes them. Prints one line
for each size, with the ratio of the first load to DuckDB alone in the same run, and at the end how
the time grows: the exponent of sessions between the smallest and the largest size. With
``--reports`` each report is rendered too, from the cohort that is kept by then.
"""

import argparse
import json
import math
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

PROJECT = Path(__file__).resolve().parents[1]
REPORTS = ("overview", "concern")
SIZES = (100_000, 1_000_000, 10_000_000)
FORMS = ("csv", "parquet")
COLUMNS = {
    "patient": "Client ID",
    "date": "Date",
    "skin_type": "Skin type",
    "sex": "Sex",
    "concern": "Concern",
    "operator": "Operator",
    "device": "Device",
    "needle": "Needle mm",
    "scale": "Scale",
    "score_before": "Score before",
    "score_after": "Score after",
    "score_after_date": "Reviewed on",
    "side_effects": "Side effects",
}
SOURCE = """name = "many"
title = "Generated sessions (synthetic)"
synthetic = true
extracted_on = 2026-06-30
files = ["log.{form}"]

[format]
kind = "{kind}"
decimal = "."
date_order = "day-month-year"

[columns]
{columns}
"""
# hash() makes the same "random" pick for the same row whatever the number of threads
SESSIONS = """
copy (
  with visits as (
    select i // 5 as patient, i % 5 as visit, (hash(i) % 1000)::int as luck,
      (hash(i // 5) % 1000000)::int as lot
    from range({sessions}) as rows(i)
  ),
  said as (
    select *, date '2022-01-01' + (lot % 1200 + visit * 28)::int as day,
      ['acne scars', 'fine lines', 'wrinkles', 'melasma', 'large pores'][1 + lot % 5] as concern
    from visits
  )
  select
    printf('C%07d', patient) as "Client ID",
    case when luck = 1 then '31/02/2024' else strftime(day, '%d/%m/%Y') end as "Date",
    case when luck = 2 then 'olive' else ['I', 'II', 'III', 'IV', 'V', 'VI'][1 + lot % 6] end
      as "Skin type",
    ['f', 'f', 'f', 'm'][1 + lot % 4] as "Sex",
    concern as "Concern",
    printf('N%d', 1 + patient % 40) as "Operator",
    ['pen', 'stamp', 'roller'][1 + lot % 3] as "Device",
    case when luck = 3 then '15' else ['0.5', '1', '1.0 mm', '1.5', '2'][1 + luck % 5] end
      as "Needle mm",
    case when concern = 'acne scars' then 'Goodman' when concern = 'melasma' then 'mMASI'
      else 'GAIS improvement' end as "Scale",
    case when concern = 'acne scars' then printf('%d', 2 + lot % 3)
      when concern = 'melasma' then printf('%.1f', 4 + (lot % 90) / 10.0) else '' end
      as "Score before",
    case when visit < 4 or lot % 4 = 0 then ''
      when concern = 'acne scars' then printf('%d', 1 + lot % 3)
      when concern = 'melasma' then printf('%.1f', 2 + (lot % 70) / 10.0) else '' end
      as "Score after",
    case when visit < 4 or lot % 4 = 0 then '' else strftime(day + 90, '%d/%m/%Y') end
      as "Reviewed on",
    ['none', 'redness for 2 days', 'mild swelling', '', 'no PIH', 'redness and peeling x3d',
     'bruising', 'none', 'none', 'erythema 24h'][1 + (luck * 7 + lot) % 10] as "Side effects"
  from said
  order by patient, visit
) to '{path}' ({options})
"""


def generate(folder: Path, sessions: int, form: str) -> None:
    """Write a project with one source of so many sessions."""
    source = folder / "data" / "many"
    source.mkdir(parents=True)
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks")
    (folder / "reports").mkdir()
    for name in ("requirements.txt", "pyproject.toml"):
        shutil.copy2(PROJECT / name, folder / name)
    columns = "\n".join(f'{role} = "{header}"' for role, header in COLUMNS.items())
    kind = "delimited" if form == "csv" else "parquet"
    text = SOURCE.format(form=form, kind=kind, columns=columns)
    (source / "source.toml").write_text(text, encoding="utf-8")
    path = source / f"log.{form}"
    options = "header, delimiter ','" if form == "csv" else "format parquet"
    duckdb.sql(SESSIONS.format(sessions=sessions, path=path, options=options))


def read_alone(folder: Path, form: str) -> None:
    """Read the file as text with DuckDB and write it as Parquet, nothing else."""
    path = folder / "data" / "many" / f"log.{form}"
    read = f"read_csv('{path}', all_varchar=true)" if form == "csv" else f"'{path}'"
    duckdb.sql(f"copy (select * from {read}) to '{folder / 'alone.parquet'}' (format parquet)")


def copy_tables(folder: Path) -> None:
    """Copy the tables of the kept cohort with DuckDB, nothing else."""
    for path in sorted((folder / ".cache" / "many").glob("*/*.parquet")):
        options = "format parquet, compression snappy"
        duckdb.sql(f"copy (select * from '{path}') to '{folder / path.name}' ({options})")


def load(folder: Path) -> None:
    """Load the cohort; the second time it comes from its cache."""
    from analysis import load_cohort

    cohort = load_cohort("many", project=folder)
    cohort.account.check()


def measure(step: str, folder: Path, form: str) -> dict[str, float]:
    """Return seconds and peak memory in MB of one step in this process, imports left out."""
    import analysis.intake.cohort  # noqa: F401 - imports are not what is measured

    started = time.perf_counter()
    if step == "alone":
        read_alone(folder, form)
    elif step == "tables":
        copy_tables(folder)
    else:
        load(folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "peak": peak}


def measure_apart(step: str, folder: Path, form: str) -> dict[str, float]:
    """Measure one step in a process of its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--form", form]
    found = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return dict(json.loads(found.stdout))


def time_report(name: str, folder: Path) -> float:
    """Return the seconds of one report, from the command to the page."""
    command = [sys.executable, "-c", "from analysis.cli import main; main()", "report", name]
    started = time.perf_counter()
    subprocess.run([*command, "-p", "source=many"], check=True, cwd=folder, stdout=subprocess.PIPE)
    return time.perf_counter() - started


def main() -> None:
    """Measure each size and say how the time grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", type=int, nargs="*", default=SIZES)
    parser.add_argument("--form", choices=FORMS, default="csv")
    parser.add_argument("--reports", action="store_true", help="render each report too")
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        sys.stdout.write(json.dumps(measure(asked.step, asked.folder, asked.form)))
        return
    taken = {}
    for sessions in asked.sessions:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            generate(folder, sessions, asked.form)
            alone, first, cached, tables = (
                measure_apart(step, folder, asked.form)
                for step in ("alone", "first", "cached", "tables")
            )
            names = REPORTS if asked.reports else ()
            reports = {name: time_report(name, folder) for name in names}
        taken[sessions] = first["seconds"]
        sys.stdout.write(
            f"{asked.form:8}{sessions:>11,} sessions: DuckDB alone {alone['seconds']:6.2f} s, "
            f"first load {first['seconds']:7.2f} s = {first['seconds'] / alone['seconds']:5.1f} x, "
            f"peak {first['peak']:6.0f} MB, from cache {cached['seconds']:5.2f} s, "
            f"the finished tables copied {tables['seconds']:6.2f} s"
            + "".join(f", {name} {seconds:.1f} s" for name, seconds in reports.items())
            + "\n"
        )
    if len(taken) > 1:
        small, large = min(taken), max(taken)
        growth = math.log(taken[large] / taken[small]) / math.log(large / small)
        sys.stdout.write(f"growth exponent {growth:.2f}\n")


if __name__ == "__main__":
    main()

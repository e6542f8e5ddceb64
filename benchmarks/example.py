"""How long the example takes to write, and how much memory: it must not grow with the patients.

    python benchmarks/example.py                     # csv, 2,000 and 20,000 patients
    python benchmarks/example.py --form tables --patients 200000

Each size runs in a process of its own, so that its peak is its own. Prints one line for each.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = (2_000, 20_000)
FORMS = ("csv", "xlsx", "redcap", "tables")


def measure(form: str, patients: int) -> str:
    """Write one example and say what it took, for the process as a whole."""
    from analysis.intake.example import write_example

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        write_example(Path(folder) / "example", form=form, patients=patients)  # type: ignore[arg-type]
        seconds = time.perf_counter() - started
        size = sum(path.stat().st_size for path in (Path(folder) / "example").iterdir())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    written = f"{size / 1e6:8.1f} MB written"
    return f"{form:7}{patients:>10,} patients {seconds:8.1f} s {peak:7.0f} MB peak {written}"


def main() -> None:
    """Measure each size in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=FORMS, default="csv")
    parser.add_argument("--patients", type=int, nargs="*", default=SIZES)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    for patients in asked.patients:
        if asked.here:
            sys.stdout.write(measure(asked.form, patients) + "\n")
            continue
        again = [sys.executable, __file__, "--here", "--form", asked.form]
        subprocess.run([*again, "--patients", str(patients)], check=True)


if __name__ == "__main__":
    main()

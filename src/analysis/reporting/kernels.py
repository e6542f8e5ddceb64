"""Runs a notebook with papermill in a kernel of the interpreter that runs now.

The kernel a notebook names is ignored: it says what its author had installed. Messages travel
through sockets in a private folder, so nobody else on the machine reads them and two runs never
want the same port.
"""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from analysis.reporting.parameters import Value, find_headings

START_LIMIT: Final = 60
"""Seconds a kernel may take to answer for the first time."""
RUN_LIMIT: Final = 1800
"""Seconds all cells of a notebook may take together."""

STEP: Final = "step"
"""Key in a cell's metadata: the nearest heading above it."""

_ENGINE: Final = "running-interpreter"
_BEGINNING: Final = "the beginning"
_IOPUB_LIMIT: Final = 30
_LONGEST_SOCKET_PATH: Final = 90
"""A socket path has about 104 bytes on the shortest platform; ours end in a few more."""

# papermill warns about parameters whose type its own pattern cannot read; ours are checked
# already, and without any handler Python would print the warning
logging.getLogger("papermill").addHandler(logging.NullHandler())


class NotebookStoppedError(Exception):
    """A notebook did not run to its end.

    ``error_class`` and ``said`` are the class and the text of the error raised in the kernel.
    The text may hold a patient's value and is for nobody's eyes but the caller's judgement.
    ``reason`` is a sentence of ours when it was not a cell that failed, else empty.
    """

    def __init__(self, step: str, *, error_class: str, said: str = "", reason: str = "") -> None:
        super().__init__(step, error_class)
        self.step = step
        self.error_class = error_class
        self.said = said
        self.reason = reason


def run_notebook(
    path: Path,
    values: Mapping[str, Value],
    *,
    folder: Path,
    start_limit: float = START_LIMIT,
    run_limit: float = RUN_LIMIT,
) -> NotebookNode:
    """Return the executed notebook; the file itself is not touched.

    ``folder`` is the kernel's working directory; limits are in seconds. The kernel is shut down
    whatever happens. Raises :class:`NotebookStoppedError`.
    """
    steps = [_BEGINNING]

    def note_step(cell: NotebookNode, **_: Any) -> None:
        steps.append(cell.metadata.get(STEP, _BEGINNING))

    try:
        executed = execute_notebook(
            _prepare(path),
            None,
            dict(values),
            engine_name=_ENGINE,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            start_timeout=start_limit,
            kernel_folder=folder.resolve(),
            run_limit=run_limit,
            on_cell_start=note_step,
        )
    except PapermillExecutionError as error:
        raise NotebookStoppedError(
            steps[-1], error_class=error.ename, said=str(error.evalue)
        ) from None
    except CellTimeoutError:
        raise NotebookStoppedError(
            steps[-1],
            error_class="TimeoutError",
            reason=f"It was stopped after its time limit of {run_limit:g} seconds.",
        ) from None
    except DeadKernelError:
        raise NotebookStoppedError(
            steps[-1],
            error_class="DeadKernelError",
            reason="Its kernel died, most often because memory ran out.",
        ) from None
    except RuntimeError:
        if len(steps) > 1:
            raise
        raise NotebookStoppedError(
            _BEGINNING,
            error_class="RuntimeError",
            reason=f"No kernel answered within {start_limit:g} seconds; is ipykernel installed?",
        ) from None
    if any(_has_error(cell) for cell in executed.cells):
        # a cell that calls exit() ends a notebook early without papermill calling it a failure
        raise NotebookStoppedError(steps[-1], error_class="SystemExit")
    for number, cell in enumerate(executed.cells):
        cell.id = f"cell-{number}"
    return executed


def _prepare(path: Path) -> NotebookNode:
    """Read the notebook, drop what an earlier run left in it and write down each cell's step."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"}
    )
    step = _BEGINNING
    kept = []
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            step = (find_headings(cell.source) or [step])[-1]
        cell.metadata[STEP] = step
        kept.append(cell)
    notebook.cells = kept
    return notebook


def _has_error(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.get("outputs", []))


class _RunningInterpreter(AsyncKernelManager):
    """A kernel of ``sys.executable``, whichever kernels are installed."""

    @property
    def kernel_spec(self) -> KernelSpec:
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")


class RunningInterpreterEngine(NBClientEngine):
    """The papermill engine behind :func:`run_notebook`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        kernel_folder: Path,
        run_limit: float,
        on_cell_start: Any,
        start_timeout: float,
        **_: Any,
    ) -> NotebookNode:
        ends: list[float] = []

        def find_time_left(_cell: NotebookNode) -> float:
            # the clock starts with the first cell, because starting the kernel has its own limit
            ends.append(time.monotonic() + run_limit)
            # zero would mean "no limit" to nbclient
            return max(ends[0] - time.monotonic(), 0.001)

        with _start_kernel_manager() as (manager, private, log):
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                kernel_name=kernel_name,
                startup_timeout=start_timeout,
                timeout_func=find_time_left,
                iopub_timeout=_IOPUB_LIMIT,
                on_cell_start=on_cell_start,
            )
            return client.execute(
                cleanup_kc=True,
                cwd=str(kernel_folder),
                # a personal profile would run its own start-up files inside the report
                env={**os.environ, "IPYTHONDIR": str(private / "ipython")},
                stdout=log,
                stderr=log,
            )

    @classmethod
    def nb_kernel_name(cls, nb: NotebookNode, name: str | None = None) -> str:
        return "python3"

    @classmethod
    def nb_language(cls, nb: NotebookNode, language: str | None = None) -> str:
        return "python"


papermill_engines.register(_ENGINE, RunningInterpreterEngine)


@contextmanager
def _start_kernel_manager() -> Iterator[tuple[AsyncKernelManager, Path, IO[bytes]]]:
    """Give a kernel manager, its private folder and the file for what a kernel says at start."""
    with _make_private_folder() as private, (private / "log").open("wb") as log:
        connection = {"connection_file": str(private / "kernel.json")}
        if sys.platform != "win32":
            connection |= {"transport": "ipc", "ip": str(private / "k")}
        manager = _RunningInterpreter(**connection)
        try:
            yield manager, private, log
        finally:
            # nbclient has shut the kernel down, unless the user interrupted it while it started
            if manager.has_kernel:
                run_sync(manager.shutdown_kernel)(now=True)


@contextmanager
def _make_private_folder() -> Iterator[Path]:
    """Give a folder that only this user may enter, with a path short enough for a socket."""
    usual = tempfile.gettempdir()
    is_long = len(os.fsencode(usual)) > _LONGEST_SOCKET_PATH - len("/outcomes-12345678/k-1")
    place = "/tmp" if is_long and os.path.isdir("/tmp") else usual
    with tempfile.TemporaryDirectory(
        prefix="outcomes-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder).resolve()

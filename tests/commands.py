"""Runs commands of `outcomes` one after another in one process: starting it costs seconds.

Each command has its own folder, and its exit code and streams are caught where a shell would catch
them, below Python, so that what a library writes past ``sys.stderr`` is seen as well.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Timer
from types import TracebackType

Done = subprocess.CompletedProcess[str]

PROGRAM = """
import json, os, sys, tempfile, traceback
from analysis.cli import main
for line in sys.stdin:
    folder, words = json.loads(line)
    os.chdir(folder)
    sys.argv = ["outcomes", *words]
    files = [tempfile.TemporaryFile() for _ in (1, 2)]
    kept = [os.dup(1), os.dup(2)]
    for number, file in enumerate(files, 1):
        os.dup2(file.fileno(), number)
    code = 0
    try:
        main()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        code = 1
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    texts = []
    for number, (stream, file) in enumerate(zip(kept, files), 1):
        os.dup2(stream, number)
        os.close(stream)
        file.seek(0)
        texts.append(file.read().decode("utf-8"))
        file.close()
    print(json.dumps([code, *texts]), flush=True)
"""


class Shell:
    """A process that runs one command after another, until it is left."""

    def __init__(
        self, *, limit: Callable[[], None] | None = None, seconds: float = 600, **environment: str
    ) -> None:
        """``limit`` is called in the new process before anything else, a command that takes more
        than ``seconds`` is ended, and ``environment`` is added to ours."""
        self.seconds = seconds
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | environment,
            preexec_fn=limit,
        )

    def __enter__(self) -> "Shell":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def run(self, folder: Path, *words: str) -> Done:
        """Run one command."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        end = Timer(self.seconds, self.process.kill)
        end.start()
        self.process.stdin.write(json.dumps([str(folder), words]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        end.cancel()
        assert line, f"{words} ended the process, or took more than {self.seconds} seconds"
        code, out, err = json.loads(line)
        return subprocess.CompletedProcess(words, code, out, err)

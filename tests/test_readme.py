"""What the README shows is what happens: its commands are run and their output compared.

A block fenced as ``console`` holds lines that start with ``$ `` and, below each, what it prints on
both streams. ``...`` stands for any text inside a line and, alone on a line, for any lines. The
blocks are run in order in one copy of the project, each in a shell of its own. A command that
fails must be followed by ``$ echo $?``. A block below ``<!-- not run: reason -->`` is left alone,
and so is a ``make`` command, which continuous integration runs; but its targets must exist.
"""

import difflib
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SECONDS_PER_BLOCK = 300
END_OF_COMMAND = "=== end of a README command ==="
SHELLS = ("sh", "bash", "zsh", "shell", "shell-session", "cmd", "powershell", "text", "")
"""Tags under which a command could stand and never be run."""

# ---- reading -------------------------------------------------------------------------------


@dataclass
class Command:
    """One command line of the README and what it is said to print."""

    line: int
    text: str
    expected: list[str] = field(default_factory=list)

    @property
    def is_make(self) -> bool:
        return self.text.split()[:1] == ["make"]


@dataclass
class Block:
    """One fenced block; ``reason`` is None unless it is marked as not run."""

    line: int
    tag: str
    reason: str | None
    lines: list[str] = field(default_factory=list)

    @property
    def is_run(self) -> bool:
        return self.tag == "console" and self.reason is None

    @property
    def commands(self) -> list[Command]:
        found: list[Command] = []
        for number, line in enumerate(self.lines, start=self.line + 1):
            if line.startswith("$ "):
                found.append(Command(number, line[2:]))
            elif found and not found[-1].expected and _goes_on(found[-1].text, line):
                found[-1].text += "\n" + line.removeprefix("> ")
            elif found:
                found[-1].expected.append(line)
        return found


def _goes_on(text: str, line: str) -> bool:
    """Return whether a line belongs to the command above it, as in a shell's second prompt."""
    return text.endswith("\\") or line.startswith("> ")


def read_blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a Markdown text, with the mark that stands right above each."""
    blocks: list[Block] = []
    reason: str | None = None
    fence = indent = ""
    for number, line in enumerate(text.splitlines(), start=1):
        start = re.match(r"( *)(`{3,})\s*(\S*)", line)
        if fence and line.strip() == fence:
            fence = ""
        elif fence:
            blocks[-1].lines.append(line.removeprefix(indent))
        elif start:
            indent, fence, tag = start.groups()
            blocks.append(Block(number, tag, reason))
            reason = None
        elif mark := re.fullmatch(r"\s*<!-- *not run:?(.*?)-->\s*", line):
            reason = mark[1].strip()
        elif line.strip():
            reason = None
    return blocks


def find_slips(text: str, targets: set[str]) -> Iterator[str]:
    """Yield what would keep a command from being run, or sends the reader to a missing target."""
    blocks = read_blocks(text)
    marks = len(re.findall(r"<!-- *not run", text))
    if marks != sum(block.reason is not None for block in blocks):
        yield "a 'not run' mark does not stand on one line right above a block"
    for block in blocks:
        if block.reason == "":
            yield f"line {block.line}: is not run, and no reason is given"
        if block.tag in SHELLS and any(line.startswith("$ ") for line in block.lines):
            yield f"line {block.line}: commands stand in a block that is not tagged console"
        if block.tag in SHELLS[:-2]:
            yield f"line {block.line}: the block is tagged {block.tag}, so it is never run"
        if block.tag == "console" and not (block.lines and block.lines[0].startswith("$ ")):
            yield f"line {block.line}: the block does not begin with a command"
        for command in block.commands:
            if block.is_run and re.search(r"(&&|;|\|)\s*make\b", command.text):
                yield f"line {command.line}: make does not stand on a line of its own"
            for target in _read_targets_of(command) - targets:
                yield f"line {command.line}: the Makefile has no target {target}"
    for target in sorted(set(re.findall(r"`make ([a-z][\w-]*)", text)) - targets):
        yield f"the Makefile has no target {target}"


def _read_targets_of(command: Command) -> set[str]:
    if not command.is_make:
        return set()
    words = shlex.split(command.text, comments=True)[1:]
    return {word for word in words if "=" not in word and not word.startswith("-")}


def read_targets(makefile: str) -> set[str]:
    """Return the targets a Makefile has a rule for."""
    rules = re.findall(r"^([a-z][\w -]*):(?!=)", makefile, flags=re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


# ---- running -------------------------------------------------------------------------------


def find_differences(text: str, folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Run the README's blocks in a folder and yield each difference from what it says."""
    for block in read_blocks(text):
        if block.is_run:
            yield from _run_block(block, folder, environment)


def _run_block(block: Block, folder: Path, environment: Mapping[str, str]) -> Iterator[str]:
    commands = [command for command in block.commands if not command.is_make]
    script = "".join(
        f"eval {shlex.quote(command.text)}\n"
        f"__code=$?; printf '\\n%s\\n%s\\n' \"$__code\" {shlex.quote(END_OF_COMMAND)}\n"
        "(exit $__code)\n"
        for command in commands
    )
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=SECONDS_PER_BLOCK,
            check=False,
        )
    except subprocess.TimeoutExpired:
        yield f"line {block.line}: the block takes more than {SECONDS_PER_BLOCK} seconds"
        return
    printed = done.stdout.split(f"\n{END_OF_COMMAND}\n")
    if len(printed) != len(commands) + 1:
        yield f"line {block.line}: the shell ended early:\n{done.stdout}"
        return
    asked_for_code = [following.text.strip() == "echo $?" for following in commands[1:]] + [False]
    for command, output, asked in zip(commands, printed, asked_for_code, strict=False):
        output, _, code = output.rpartition("\n")
        if code != "0" and not asked:
            yield f"line {command.line}: {command.text}\nends with exit code {code}:\n{output}"
        elif not is_as_expected(command.expected, output):
            yield _tell_difference(command, output)


def is_as_expected(expected: list[str], output: str) -> bool:
    """Return whether an output is what the README says, white space at line ends apart."""
    pattern = "".join(
        r"(?:.*\n)*?"
        if line.strip() == "..."
        else ".*?".join(re.escape(part) for part in line.rstrip().split("...")) + r"\n"
        for line in _trim(expected)
    )
    printed = "".join(f"{line}\n" for line in _trim(output.splitlines()))
    return re.fullmatch(pattern, printed) is not None


def _trim(lines: list[str]) -> list[str]:
    """Return the lines without white space at their ends and without empty last lines."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").splitlines()


def _tell_difference(command: Command, output: str) -> str:
    difference = difflib.unified_diff(
        _trim(command.expected),
        _trim(output.splitlines()),
        fromfile="the README says",
        tofile="it prints",
        lineterm="",
    )
    return "\n".join([f"line {command.line}: {command.text}", *difference])


# ---- the reading and running is able to fail -----------------------------------------------

HOLDS = """\
# Tiny

```console
$ printf 'one\\ntwo\\nthree\\n'
one
...
$ echo "it took 12.5 s"
it took ... s
$ mkdir kept; cd kept; echo here > file
$ echo a \\
>   b
a b
```

Text between, with `make report` in it.

   ```console
   $ cat kept/file; echo to the other stream >&2
   here
   to the other stream
   $ (exit 3)
   $ echo $?
   3
   $ make report
   whatever it prints
   ```

<!-- not run: it opens a browser -->

```console
$ touch must-not-be-there
```

```toml
name = "my clinic"
```
"""

DIFFERS = [
    ("$ echo one\ntwo", "+one"),
    ("$ echo one", "+one"),
    ("$ true\none", "-one"),
    ("$ echo one; echo two\none", "+two"),
    ("$ echo one; echo two\ntwo", "+one"),
    ("$ echo 12 patients\n1 patients", "+12 patients"),
    ("$ echo 12 patients\n... sessions", "+12 patients"),
    ("$ printf 'one\\ntwo\\n'\n...\none", "+two"),
    ("$ printf 'one\\ntwo\\n'\none...", "+two"),
    ("$ echo axb\na.b", "+axb"),
    ("$ echo one >&2", "+one"),
    ("$ false", "ends with exit code 1"),
    ("$ false\n$ echo $?\n0", "+1"),
    ("$ no-such-command-here\n...", "ends with exit code 127"),
    ("$ exit 0\n$ echo never\nnever", "the shell ended early"),
]

SLIPS = [
    ("```sh\nls\n```", "line 1: the block is tagged sh"),
    ("```\n$ ls\n```", "line 1: commands stand in a block that is not tagged console"),
    ("```text\n$ ls\n```", "line 1: commands stand in a block that is not tagged console"),
    ("```console\nls\n```", "line 1: the block does not begin with a command"),
    ("```console\n```", "line 1: the block does not begin with a command"),
    ("<!-- not run: -->\n```console\n$ ls\n```", "line 2: is not run, and no reason is given"),
    ("<!-- not run -->\n```console\n$ ls\n```", "line 2: is not run, and no reason is given"),
    ("<!-- not run: slow -->\nText.\n```console\n$ ls\n```", "a 'not run' mark does not stand"),
    ("```console\n$ make raport\n```", "line 2: the Makefile has no target raport"),
    ("```console\n$ make PYTHON=python3.12 tset\n```", "line 2: the Makefile has no target tset"),
    ("<!-- not run: long -->\n```console\n$ make tset\n```", "line 3: the Makefile has no target"),
    ("```console\n$ true && make report\n```", "line 2: make does not stand on a line of its own"),
    ("Then `make raport` helps.", "the Makefile has no target raport"),
]


def test_a_readme_that_tells_the_truth_passes(tmp_path: Path) -> None:
    """Right output, both ellipses, one folder for all blocks; what is marked is not run."""
    targets = read_targets("VENV ?= .venv\nBIN := x\nreport test: venv\n\techo hello\n")

    assert targets == {"report", "test"}
    assert list(find_slips(HOLDS, targets)) == []
    assert list(find_differences(HOLDS, tmp_path, os.environ)) == []
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize(("block", "expected"), DIFFERS)
def test_a_wrong_output_is_found(tmp_path: Path, block: str, expected: str) -> None:
    """What differs from the README, in either direction, is found at its line and shown."""
    differences = list(find_differences(f"```console\n{block}\n```\n", tmp_path, os.environ))

    assert len(differences) == 1, differences
    assert expected in differences[0]


@pytest.mark.parametrize(("text", "expected"), SLIPS)
def test_a_command_that_would_escape_is_found(text: str, expected: str) -> None:
    """A command nobody runs, a missing reason and a missing target are found at their line."""
    slips = list(find_slips(f"{text}\n", {"report", "test"}))

    assert any(slip.startswith(expected) for slip in slips), slips


# ---- the README tells the truth ------------------------------------------------------------


@pytest.fixture(scope="module")
def readme(project: Path) -> str:
    """The text of the README."""
    return (project / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def fresh_copy(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a clone would hold, with this environment as its ``.venv``."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    copy = tmp_path_factory.mktemp("clone") / "microneedling-outcomes"
    for name in filter(None, listed.stdout.split("\0")):
        if (project / name).is_file():  # not one that is deleted and not yet committed
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, copy / name)
    (copy / ".venv").symlink_to(sys.prefix, target_is_directory=True)
    return copy


@pytest.fixture(scope="module")
def environment(fresh_copy: Path) -> dict[str, str]:
    """What a shell with the environment activated has; the copy's code, a plain terminal."""
    commands = Path(sys.executable).parent
    return os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(fresh_copy / "src"),
        "COLUMNS": "80",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }


@pytest.fixture(scope="module")
def commands() -> dict[str, str]:
    """Every command of ``outcomes`` that is not hidden, with its help text."""
    from typer.main import get_command

    from analysis.cli import app

    # a group even when a single command is left, else there is nothing to list
    found = getattr(get_command(app), "commands", {})
    return {name: each.help or "" for name, each in found.items() if not each.hidden}


def test_every_command_of_the_readme_is_run_or_says_why_not(project: Path, readme: str) -> None:
    """No command stands where nobody runs it, and each make target exists."""
    targets = read_targets((project / "Makefile").read_text(encoding="utf-8"))

    slips = list(find_slips(readme, targets))

    assert not slips, "\n".join(slips)
    assert any(block.is_run for block in read_blocks(readme)), "the README runs nothing"


@pytest.fixture(scope="module")
def differences(readme: str, fresh_copy: Path, environment: dict[str, str]) -> list[str]:
    """What the README's commands, run in order in the fresh copy, print otherwise than it says."""
    return list(find_differences(readme, fresh_copy, environment))


def test_the_readme_prints_what_it_says(differences: list[str]) -> None:
    """Each command of the README, run in order in a fresh copy, prints what stands below it."""
    assert not differences, "\n\n".join(["", *differences])


@pytest.mark.skipif(
    sys.version_info[:2] != (3, 11),
    reason="a page names the Python it was made with, and the tracked one was made with 3.11",
)
@pytest.mark.usefixtures("differences")
def test_the_example_page_is_what_the_readme_renders(
    project: Path, fresh_copy: Path, environment: dict[str, str]
) -> None:
    """docs/example/concern.html tells what the page that a command of the README renders tells."""
    page = fresh_copy / "reports" / "concern" / "example--concern=fine_lines.html"
    command = [sys.executable, "tools/write_example_page.py", "--check", str(page)]

    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("old", "new", "is_stale"),
    [
        ("<td>sha256 c0de</td>", "<td>sha256 0dd</td>", False),
        ("<td>3.0.2</td>", "<td>3.0.3</td>", False),
        ("<td>sha256 da7a</td>", "<td>sha256 0dd</td>", True),
        ("<td>3.11</td>", "<td>3.12</td>", True),
        ("24 of 40", "25 of 40", True),
        ("<th>Code</th>", "<th>Codes</th>", True),
    ],
)
def test_a_stale_example_page_is_found(project: Path, old: str, new: str, is_stale: bool) -> None:
    """A new number or a new word is found; a new version of code or packages is none."""
    page = """<p>24 of 40</p><table><tr><th>Code</th></tr></table>
<caption>What it was made of</caption>
<tr><th scope="row">Data</th><td>sha256 da7a</td></tr>
<tr><th scope="row">Code</th><td>sha256 c0de</td></tr>
<tr><th scope="row">Python</th><td>3.11</td></tr>
<tr><th scope="row">pandas</th><td>3.0.2</td></tr>
"""
    forget_versions = runpy.run_path(str(project / "tools" / "write_example_page.py"))[
        "forget_versions"
    ]

    assert old in page
    assert (forget_versions(page) != forget_versions(page.replace(old, new))) == is_stale


def test_every_command_is_documented(readme: str, commands: dict[str, str]) -> None:
    """Each command of ``outcomes`` stands in the README and has a help text."""
    assert commands
    assert [name for name in commands if not re.search(rf"outcomes {name}\b", readme)] == []
    assert [name for name, text in commands.items() if not text.strip()] == []


def test_the_readme_names_no_command_that_does_not_exist(
    readme: str, commands: dict[str, str]
) -> None:
    """``outcomes NAME`` in a block, run or not, or in code in the text, is a command."""
    lines = [command.text for block in read_blocks(readme) for command in block.commands]
    spoken = "\n".join([*lines, *re.findall(r"`(outcomes [^`]+)`", readme)])

    assert set(re.findall(r"\boutcomes ([a-z][\w-]*)", spoken)) - set(commands) == set()


def test_help_lists_every_command(
    commands: dict[str, str], fresh_copy: Path, environment: dict[str, str]
) -> None:
    """``outcomes --help`` names each command at the beginning of a line."""
    done = subprocess.run(
        ["outcomes", "--help"],
        cwd=fresh_copy,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert done.returncode == 0, done.stderr
    listed = set(re.findall(r"^[\s│|]*([a-z][\w-]*)\s", done.stdout, flags=re.MULTILINE))
    assert set(commands) - listed == set(), done.stdout

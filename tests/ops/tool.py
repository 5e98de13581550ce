"""Running tools, and what is common to those who do."""

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

VENV = Path(sys.executable).parent


class Skip(Exception):
    """A check that cannot be made here, and why."""


def output(command, stdin=None, environment=None, strict=False):
    """What a tool complains of, line by line: everything it says if it fails, or in any case if it is to be silent."""
    given = open(stdin, "rb") if stdin else subprocess.DEVNULL
    done = subprocess.run(
        [str(word) for word in command],
        stdin=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        env={**os.environ, **(environment or {})},
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and not strict:
        return []
    return lines or ([f"{command[0]} exits with {done.returncode}"] if done.returncode else [])


def from_pypi(name):
    """A program that a package of requirements.txt has."""
    program = VENV / name
    if not program.exists():
        raise Skip(f"the package with {name} has no program for this machine")
    return program


@contextmanager
def simulator(binary, scratch):
    """The simulated API of the program, as the variables that a run takes it from."""
    told = scratch / "simulator"
    with told.open("w") as out:
        process = subprocess.Popen([binary, "simulate", "--accounts", "60"], stdout=out, stderr=subprocess.DEVNULL)
    try:
        while told.read_text().count("\n") < 3:
            assert process.poll() is None, "the simulator does not start"
            time.sleep(0.05)
        yield dict(re.findall(r"(AHASEND_\w+)=(\S+)", told.read_text()))
    finally:
        process.terminate()
        process.wait()

"""Starts processes, measures them, and ends them by their pid, whatever happens.

A process is measured as a whole: the wall time from its start to its end, and the largest memory that it ever had, as
Linux counts it (`ru_maxrss` of `wait4`). Linux starts that count with the memory of whoever starts the process, so that
it says nothing about processes smaller than this one; those are run once more below a shell, which is smaller still.
"""

import ctypes
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_CHILD_SUBREAPER = 36
END_SECS = 20
# A command in the background would lose its stdin, were it not for the copy. Without a line on it, it never begins.
BELOW_SHELL = 'exec 3<&0; { read -r go <&3 && exec "$@" </dev/null 3<&-; } >/dev/null 2>&1 & echo $!'
# Whatever the caller has set of these would win over the files of the benchmark.
OURS = "AHASEND_"


class Failed(Exception):
    """A process did not do what it was started for."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is run, what is done before, outside the measured time, and what is checked after it."""

    words: Sequence[object]
    env: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = lambda: None
    # Takes what was said on stderr.
    check: Callable[[str], None] = lambda _: None
    stdout: Path = Path(os.devnull)


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Measured:
    """Several runs of the same."""

    samples: Sequence[Sample]

    @property
    def seconds(self) -> float:
        return median([sample.seconds for sample in self.samples])

    @property
    def spread(self) -> tuple[float, float]:
        seconds = [sample.seconds for sample in self.samples]
        return min(seconds), max(seconds)

    @property
    def peak_mib(self) -> float:
        return median([sample.peak_bytes for sample in self.samples]) / (1 << 20)

    def __add__(self, other: "Measured") -> "Measured":
        return Measured([*self.samples, *other.samples])


def median(numbers: Sequence[float]) -> float:
    ordered, half = sorted(numbers), len(numbers) // 2
    return ordered[half] if len(numbers) % 2 else (ordered[half - 1] + ordered[half]) / 2


def say(text: str) -> None:
    """Tells how far things are."""
    print(text, file=sys.stderr, flush=True)


def environment(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | dict(env)


def run(command: Command) -> Sample:
    """Runs it once."""
    command.prepare()
    # What was written before is not to be on this one's clock.
    os.sync()
    with tempfile.TemporaryFile() as said:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(command.stdout), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, said.fileno(), 2),
        ]
        words, env = [str(word) for word in command.words], environment(command.env)
        begun = time.perf_counter()
        status, usage = wait(os.posix_spawn(words[0], words, env, file_actions=actions))
        seconds = time.perf_counter() - begun
        said.seek(0)
        told = said.read().decode(errors="replace")
    if status != 0:
        raise Failed(f"`{shlex.join(words)}` ended with {os.waitstatus_to_exitcode(status)}:\n{told[-2_000:]}")
    command.check(told)
    return Sample(seconds, usage.ru_maxrss << 10)


def wait(pid: int) -> tuple[int, resource.struct_rusage]:
    """Waits for a child; if that is interrupted, ends it first."""
    ended = False
    try:
        _, status, usage = os.wait4(pid, 0)
        ended = True
    finally:
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return status, usage


def own_peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def peak_below_shell(command: Command) -> int:
    """The peak of a process that a small shell starts and leaves to us.

    It begins only once the shell is gone: a shell that is still there might learn of its end before we do.
    """
    command.prepare()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    words = ["/bin/sh", "-c", BELOW_SHELL, "sh", *map(str, command.words)]
    start, go = os.pipe()
    try:
        env = environment(command.env)
        shell = subprocess.run(words, env=env, stdin=start, stdout=subprocess.PIPE, check=True, text=True)
        os.write(go, b"\n")
        status, usage = wait(int(shell.stdout))
    finally:
        os.close(start)
        os.close(go)
    if status != 0:
        raise Failed(f"`{shlex.join(words)}` ended with {os.waitstatus_to_exitcode(status)} the second time")
    return usage.ru_maxrss << 10


def measure(commands: Sequence[Command], runs: int) -> list[Measured]:
    """Runs all of them by turns, so often, and returns what was measured of each."""
    rounds = [[run(command) for command in commands] for _ in range(runs)]
    samples = zip(*rounds, strict=True)
    return [with_true_peaks(command, of_command) for command, of_command in zip(commands, samples, strict=True)]


def with_true_peaks(command: Command, samples: Sequence[Sample]) -> Measured:
    """What was measured; of a process that is smaller than this one, with a peak that is its own."""
    if max(sample.peak_bytes for sample in samples) > own_peak_bytes():
        return Measured(samples)
    peak = peak_below_shell(command)
    return Measured([Sample(sample.seconds, peak) for sample in samples])


@contextmanager
def server(words: Sequence[object]) -> Iterator[dict[str, str]]:
    """A server that prints lines for a shell once it is there; yields what they set."""
    texts = [str(word) for word in words]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            texts, env=environment({}), text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said
        )
        assert process.stdout is not None
        try:
            lines = [process.stdout.readline().strip().removeprefix("export ") for _ in range(3)]
            if not all(lines):
                said.seek(0)
                raise Failed(f"`{shlex.join(texts)}` did not come up:\n{said.read()[-2_000:]}")
            yield dict(line.split("=", 1) for line in lines)
        finally:
            process.terminate()
            try:
                process.wait(END_SECS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def end_on_signal() -> None:
    """Makes SIGTERM and SIGHUP an exception, so that everything that was started is ended."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)

"""Whether the unit's hardening leaves the program what it needs: a night under strace, held against the unit's own words."""

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tool import Skip, simulator
from units import analyze, settings

CALL = re.compile(r"^\d+ +(\w+)\((.*)$")
# systemd allows them whatever a unit says.
ALWAYS = {"execve", "exit", "exit_group", "getrlimit", "rt_sigreturn", "sigreturn", "restart_syscall"}


@cache
def members(group):
    """The system calls of a group, and of the groups in it."""
    told = subprocess.run([analyze(), "syscall-filter", group], check=True, capture_output=True, text=True).stdout
    names = {line.strip() for line in told.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}
    return frozenset().union(*(members(name) if name.startswith("@") else {name} for name in names))


def named(words):
    return set().union(*(members(word) if word.startswith("@") else {word} for word in words))


def allowed(setting):
    """What SystemCallFilter= leaves: the first line says whether it lists what may be or what may not."""
    calls = set(ALWAYS)
    for value in setting["SystemCallFilter"]:
        calls = calls - named(value[1:].split()) if value.startswith("~") else calls | named(value.split())
    return calls | ALWAYS


@cache
def traced():
    """The calls of one night against the simulator, as strace tells them."""
    binary = os.environ["OPS_BINARY"]
    if not binary:
        raise Skip("SUBLEDGER_BINARY names no program")
    if not shutil.which("strace"):
        raise Skip("there is no strace")
    scratch = Path(tempfile.mkdtemp(dir=os.environ["OPS_SCRATCH"]))
    trace = scratch / "trace"
    with simulator(binary, scratch) as variables:
        command = ["strace", "-f", "-qq", "-s", "200", "-o", trace, binary, "run"]
        done = subprocess.run(command, cwd=scratch, env={**os.environ, **variables}, capture_output=True, text=True)
    assert done.returncode == 0, f"the night under strace exits with {done.returncode}: {done.stderr}"
    return [match.groups() for line in trace.read_text().splitlines() if (match := CALL.match(line))]


def night(folder):
    """A night asks the system for nothing that the unit does not allow: calls, address families, memory, files below /proc."""
    setting, calls = settings(folder / "systemd/subledger.service"), traced()
    families = set(setting["RestrictAddressFamilies"][-1].split())
    found = {f"the call {name}" for name in {name for name, _ in calls} - allowed(setting)}
    for name, words in calls:
        family = re.match(r"AF_\w+", words)
        if name in ("socket", "socketpair") and family and family[0] not in families and " = -1" not in words:
            found.add(f"a socket of {family[0]}")
        if name in ("mmap", "mprotect", "pkey_mprotect") and "PROT_EXEC" in words and (name != "mmap" or "PROT_WRITE" in words):
            found.add(f"memory that is written to and run: {name}({words}")
        path = re.match(r'AT_FDCWD, "(/proc/(?!self\b|thread-self\b|\d)[^"]*)', words)
        if name == "openat" and path and " = -1" not in words:
            found.add(f"the file {path[1]}, which ProcSubset=pid hides")
    return sorted(found)

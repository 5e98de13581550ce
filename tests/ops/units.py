"""The systemd units, by systemd-analyze."""

import re
import shutil
import subprocess
from datetime import datetime, timedelta, timezone

import slots
from tool import Skip, output

# --offline= and --recursive-errors= are of this version.
VERSION_MIN = 250
# Of 100, in systemd's own measure: what remains is that the job talks to the network and has a file with a key.
EXPOSURE_MAX = 15


def settings(path):
    """Every setting of a unit with its values in order."""
    found = {}
    for line in path.read_text().splitlines():
        if re.match(r"\w+=", line):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


def analyze():
    program = shutil.which("systemd-analyze")
    if not program:
        raise Skip("there is no systemd-analyze (Debian: systemd)")
    version = re.search(r"systemd (\d+)", subprocess.run([program, "--version"], capture_output=True, text=True).stdout)
    if not version or int(version[1]) < VERSION_MIN:
        raise Skip(f"systemd-analyze is older than {VERSION_MIN}")
    return program


def stubbed(folder):
    """Copies whose program is there: systemd wants to see it, and it is installed on no machine that only checks."""
    units = folder.with_name(f"{folder.name}-units")
    units.mkdir(exist_ok=True)
    stub = units / "subledger"
    stub.write_text("#!/bin/sh\n")
    stub.chmod(0o755)
    for name in "subledger.service", "subledger.timer":
        text = (folder / "systemd" / name).read_text()
        (units / name).write_text(text.replace("ExecStart=/usr/bin/subledger ", f"ExecStart={stub} "))
    return units


def verify(folder):
    """systemd-analyze verify says nothing about the units."""
    program, units = analyze(), stubbed(folder)
    command = [program, "verify", "--man=no", "--recursive-errors=no"]
    return output([*command, units / "subledger.service", units / "subledger.timer"], strict=True)


def hardening(folder):
    """systemd-analyze security leaves an exposure of 1.5 or less."""
    program, units = analyze(), stubbed(folder)
    command = [program, "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE_MAX}"]
    return output([*command, units / "subledger.service"])[-1:]


def seconds(program, span):
    """A span of time as systemd reads it."""
    told = subprocess.run([program, "timespan", span], check=True, capture_output=True, text=True).stdout
    return timedelta(microseconds=int(re.search(r"μs: (\d+)", told)[1]))


def times(folder):
    """systemd-analyze calendar finds slots just before and just after the end of months, in UTC on a machine in Berlin, with
    every delay that systemd may add."""
    program, setting = analyze(), settings(folder / "systemd/subledger.timer")
    delay = sum((seconds(program, setting[name][-1]) for name in ("RandomizedDelaySec", "AccuracySec")), timedelta(0))

    def elapses(expression, begin, end):
        base = f"--base-time={begin:%Y-%m-%d %H:%M:%S} UTC"
        # in January and in July Berlin is not where UTC is
        told = subprocess.run(
            [program, "calendar", "--iterations=3", base, expression],
            capture_output=True, text=True, env={"TZ": ":Europe/Berlin", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        found = re.findall(r"\(in UTC\): \w+ (\S+ \S+) UTC", told.stdout)
        instants = [datetime.strptime(at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc) for at in found]
        assert instants, f"systemd-analyze calendar tells nothing in UTC of {expression}: {told.stdout}"
        return [at for at in instants if begin <= at < end]

    def between(begin, end):
        return sorted(at for expression in setting["OnCalendar"] for at in elapses(expression, begin, end))

    found = slots.problems("subledger.timer", between, delay)
    return found + [f"{name} is not set" for name in ("Persistent", "FixedRandomDelay") if setting.get(name) != ["true"]]

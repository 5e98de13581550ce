"""The crontab: its times by cron's own rules, and its command lines by running them."""

import os
import re
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import slots
from cronsim import CronSim

STATE = "/var/lib/subledger"
CONFIG = "/etc/subledger/subledger.toml"
ENTRY = re.compile(r"((?:[\d*/,-]+\s+){4}[\d*/,-]+)\s+(\S.*)")


def starts(expression, begin, end):
    """When an expression of cron starts something, in UTC."""
    found = []
    # cron's stretch of time does not begin with its first instant
    for at in CronSim(expression, begin - timedelta(minutes=1)):
        if at >= end:
            return found
        found.append(at)
    return found


def hour(entry):
    """The hour that a line for a cron without time zones waits for."""
    found = re.search(r"!= (\d\d) \]", entry[2])
    return int(found[1]) if found else None


def run_of(entry):
    """The minute of a line, the hour that it is meant for, and what it runs."""
    minute, at = entry[1].split()[:2]
    return int(minute), int(at) if hour(entry) is None else hour(entry), re.search(r"subledger \w+ .*?toml", entry[2])[0]


def crontab(folder):
    """Four slots by CRON_TZ, the same four by `date`, each run with a program that ends well, is not alone, or fails: mail
    comes only of the last."""
    text = (folder / "cron/subledger.cron").read_text()
    found = [] if text.endswith("\n") else ["the last line has no end, so that cron passes over it"]
    settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    if settings.get("CRON_TZ") != "UTC":
        found.append("the time zone is not UTC")
    if "MAILTO" not in settings or "API_KEY" in text:
        found.append("nobody gets mail, or a key is in the crontab")
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    entries = [match for line in lines if (match := ENTRY.fullmatch(line))]
    others = [match for line in lines if line.startswith("#") and (match := ENTRY.fullmatch(line[1:]))]
    if [run_of(entry) for entry in entries] != [run_of(entry) for entry in others] or None in map(hour, others):
        found.append("the lines for a cron without time zones are not the same as those for one with them")
    try:
        found += slots.problems("cron", lambda *when: sorted(at for entry in entries for at in starts(entry[1], *when)))
        due = lambda entry, *when: (at for at in starts(entry[1], *when) if at.hour == hour(entry))
        found += slots.problems("date", lambda *when: sorted(at for entry in others for at in due(entry, *when)))
    except Exception as error:
        return [*found, f"no crontab: {error}"]
    for entry in [*entries, *others]:
        if re.search(r"(?<!\\)%", entry[2]):
            found.append(f"an unescaped % ends the command: {entry[2]}")
            continue
        found += behaviour(entry[2].replace("\\%", "%"), hour(entry))
    return found


def behaviour(command, at):
    """What comes of a command line that waits for an hour or for none, with a program in the place of subledger."""
    found = []
    for code, clock, is_mailed in [(0, at, False), (75, at, False), (10, at, True), (20, at, True), (20, 12, False)]:
        if at is None and clock is not None:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            mail, asked = run(command, Path(scratch), code, clock)
        if (clock == at) != (len(asked) == 1) or any(f"--config {CONFIG}" not in words for words in asked):
            found.append(f"asked {asked} with exit {code} at {clock} by: {command}")
        if ("evidence: told of" in mail) != is_mailed or (mail and not is_mailed):
            found.append(f"mail {mail!r} after exit {code} at {clock} by: {command}")
    return found


def run(command, scratch, code, clock):
    """What cron would mail, and what the program was asked for."""
    state, bin, asked = scratch / "state", scratch / "bin", scratch / "asked"
    state.mkdir()
    bin.mkdir()
    stub(bin / "subledger", f'echo "$*" >>{asked}; echo a result; echo evidence: told of >&2; exit {code}')
    stub(bin / "date", f"echo {'' if clock is None else f'{clock:02}'}")
    command = ["/bin/sh", "-c", command.replace(STATE, str(state))]
    environment = {"PATH": f"{bin}:{os.defpath}"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr, asked.read_text().splitlines() if asked.exists() else []


def stub(path, script):
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)

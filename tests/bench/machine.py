"""Says on what machine and with which versions something was measured."""

import datetime
import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from datasets import WITHOUT

PACKAGES = ["polars", "duckdb", "pandas", "pyarrow"]


def heading(binary: Path) -> str:
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    load = os.getloadavg()[0]
    versions = [version_of(binary), f"Python {platform.python_version()}"]
    versions += [f"{package} {metadata.version(package)}" for package in PACKAGES]
    now = datetime.datetime.now(datetime.UTC)
    return (
        f"# Measured on {now:%-d %B %Y at %H:%M} UTC\n\n"
        f"{processor()}, {cores} cores, {memory:.1f} GiB, Linux {platform.release()}; {', '.join(versions)}.\n"
        f"One minute before the start, {load:.1f} processes wanted to run on average.\n"
    )


def version_of(binary: Path) -> str:
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.machine()


def without(is_known: bool) -> str:
    parts = ", ".join(f"`{part}`" for part in WITHOUT)
    if is_known:
        return f"Beside peers, subledger leaves out what they do not make either: `[report] without` has {parts}.\n"
    return f"This subledger does not know `[report] without`: it also makes {parts}, which no peer does.\n"

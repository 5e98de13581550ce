"""Nights with the archive on an S3 server. Each check has an archive of its own in one bucket."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from server import BUCKET, Store, kill
from tool import simulator

BINARY = os.environ["S3_BINARY"]
SCRATCH = Path(os.environ["S3_SCRATCH"])
SETTINGS = """\
label = "acme"
archive = "s3://{bucket}/{name}"
mirror = "s3://{bucket}/{name}-reports"

[limits]
store_timeout_secs = 4
"""
# Where the usage waits for the rest of its capture.
INBOX = r"/inbox/.*usage\.json\.zst"


class House:
    """A folder with a configuration whose archive is on the server."""

    def __init__(self, store, name, api):
        self.store, self.name = store, name
        self.folder = SCRATCH / name
        self.folder.mkdir()
        (self.folder / "subledger.toml").write_text(SETTINGS.format(bucket=BUCKET, name=name))
        self.environment = {**os.environ, **api, **store.variables()}
        self.at = datetime.now(timezone.utc).replace(microsecond=0)

    def command(self, words):
        """What is run next: a second later than the last, because captures are named by the second."""
        self.at += timedelta(seconds=1)
        return [BINARY, *words, "--now", self.at.isoformat().replace("+00:00", "Z")]

    def run(self, *words):
        done = subprocess.run(
            self.command(words), cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=180
        )
        self.last = done
        return done.returncode

    def killed(self, *words):
        """Runs until the proxy is told to kill."""
        process = subprocess.Popen(
            self.command(words), cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.store.proxy.on_kill = lambda: kill(process.pid)
        return process.wait(timeout=180)

    def objects(self):
        return [path.split("/", 1)[1] for path in self.store.objects(self.name)]

    def captures(self):
        return [path.split("/")[1] for path in self.objects() if path.endswith("/capture.json")]

    def chain(self):
        """The captures in the order in which each names the one before it; all of them, or it is broken."""
        before = {}
        for path in self.store.objects(self.name):
            if path.endswith("/capture.json"):
                manifest = json.loads(self.store.bytes_of(f"{self.name}/{path}"))
                previous = manifest["previous"]
                before[manifest["capture"]] = previous and previous["capture"]
        chain, last = [], None
        while following := [name for name, previous in before.items() if previous == last]:
            assert len(following) == 1, f"{following} follow {last}"
            last = following[0]
            chain.append(last)
        assert len(chain) == len(before), f"the chain {chain} has not all of {sorted(before)}"
        return chain

    def spooled(self):
        spool = self.folder / "reports/.spool"
        return sorted(
            str(path.relative_to(spool)) for path in spool.rglob("*") if path.is_file() and path.name not in (".head", "README")
        )

    def expect(self, expected, *words):
        code = self.run(*words)
        assert code == expected, f"{words} exits with {code} instead of {expected}:\n{self.last.stderr}"

    def is_whole(self, captures):
        assert len(self.chain()) == captures, f"{self.captures()} instead of {captures}"
        assert self.spooled() == [], f"the spool has {self.spooled()}"
        self.expect(0, "verify")
        return f"{captures} captures in one chain, verified"


def quiet_night(house):
    """A night is a capture and a mirrored report set, and the next one follows it."""
    house.expect(0, "run")
    house.expect(0, "run")
    told = house.is_whole(2)
    reports = house.folder / "reports/acme"
    files = [path for path in reports.rglob("*") if path.is_file() and not path.is_symlink()]
    files = [path for path in files if "latest" not in path.parts and not path.name.startswith(".")]
    mirrored = house.store.objects(f"{house.name}-reports")
    for path in files:
        there = house.store.bytes_of(f"{house.name}-reports/acme/{path.relative_to(reports)}")
        assert there == path.read_bytes(), f"{path} is not mirrored as it is"
    pointers = [path for path in mirrored if path.endswith("/latest")]
    assert len(mirrored) == len(files) + len(pointers), f"the mirror has {len(mirrored)}, and here are {len(files)}"
    house.expect(0, "doctor")
    house.expect(0, "status")
    return f"{told}; {len(files)} files mirrored"


def killed_and_lost(house):
    """A run is killed between usage and list; the answer to the next one's manifest is lost, and so is one to its usage."""
    house.store.proxy.due("kill", path=INBOX)
    assert house.killed("run") == -9
    assert house.captures() == [], "a capture without a list"
    house.store.proxy.due("lose", path=INBOX)
    house.store.proxy.due("lose", path=r"/capture\.json$")
    house.expect(0, "run")
    left = [path for path in house.objects() if path.startswith("inbox/")]
    assert len(left) == 1, f"the inbox has {left}"
    return f"{house.is_whole(1)}; the usage of the killed run is kept in the inbox"


def too_busy(house):
    """A server that is too busy for some requests of every kind."""
    house.store.proxy.due("busy", path=r"/capture\.json$", times=2)
    house.store.proxy.due("busy", path=r"/usage\.json\.zst$", times=2)
    house.store.proxy.due("busy", methods="GET", times=2)
    house.expect(0, "run")
    return house.is_whole(1)


def expired(house):
    """Credentials expire once the usage is in the inbox: the night goes to the spool, and the next one ships it."""
    house.expect(0, "run")
    faults = house.store.proxy.faults
    house.store.proxy.due("expired", methods="PUT POST GET HEAD DELETE", path=r"period=", times=10**6)
    house.store.proxy.due("expired", methods="GET", path=r"list-type", times=10**6)
    house.expect(15, "run")
    waiting = house.spooled()
    assert any(path.endswith("/capture.json") for path in waiting), waiting
    assert "evidence: safe in reports/.spool/" in house.last.stderr, house.last.stderr
    del faults[:]
    house.expect(15, "status")
    house.expect(0, "run")
    return house.is_whole(3)


def away(house):
    """The server is away for two nights, from the first request on; then what waits is reported on, and shipped."""
    house.expect(0, "run")
    for _ in range(2):
        house.store.proxy.due("away", methods="PUT POST GET HEAD DELETE", times=10**6)
        house.expect(15, "capture")
    del house.store.proxy.faults[:]
    house.expect(0, "report")
    house.expect(0, "run")
    return house.is_whole(4)


def half_shipped(house):
    """A run that ships is killed while it does, and again before the manifest."""
    house.store.proxy.due("away", path=r"period=", times=10**6)
    house.expect(15, "capture")
    del house.store.proxy.faults[:]
    for path in (r"accounts-0001\.json\.zst$", r"/capture\.json$"):
        house.store.proxy.due("kill", path=path)
        assert house.killed("run") == -9
    house.expect(0, "run")
    # each of the two had taken its capture before it shipped
    return house.is_whole(4)


def replacing(house):
    """A server that replaces what it must keep is not trusted with evidence."""
    house.store.proxy.due("replace", times=10**6)
    house.expect(23, "run")
    assert "replaces objects" in house.last.stderr, house.last.stderr
    assert house.captures() == []
    return "exit 23, and the usage is kept on this machine"


CHECKS = [quiet_night, killed_and_lost, too_busy, expired, away, half_shipped, replacing]


def main(names):
    failed = 0
    checks = [check for check in CHECKS if not names or check.__name__.replace("_", "-") in names]
    with Store() as store:
        for check in checks:
            name = check.__name__.replace("_", "-")
            del store.proxy.faults[:]
            try:
                place = SCRATCH / f"api-{name}"
                place.mkdir()
                with simulator(BINARY, place) as api:
                    told = check(House(store, name, api))
                print(f"ok      {name}: {told}", flush=True)
            except AssertionError as error:
                failed += 1
                print(f"FAILED  {name}: {error}", flush=True)
    print(f"{len(checks)} checks on an S3 server, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

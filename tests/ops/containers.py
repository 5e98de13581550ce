"""The image, Compose and Kubernetes: by their schemas and linters, and by the rules that those do not know."""

import json
import re
import tomllib
from datetime import timedelta
from pathlib import Path

import slots
import yaml
from cron import starts
from tool import from_pypi, output

ROOT = Path(__file__).parents[2]
# The oldest that has every field: backoffLimitPerIndex is stable from here on.
KUBERNETES = "1.33"
FILES = ["cronjob.yaml", "indexed-job.yaml"]
# Starts of a night are this close together at the nearest.
GAP = timedelta(minutes=26)


def documents(path):
    return list(yaml.safe_load_all(path.read_text()))


def of_kind(path, kind):
    return next(document for document in documents(path) if document["kind"] == kind)


def cronjob(path):
    return of_kind(path, "CronJob")


def kubernetes_schema(folder):
    """The schemas of Kubernetes 1.33 accept every manifest, and know every field of it."""
    import kubernetes_validate

    found = []
    for name in FILES:
        for document in documents(folder / "kubernetes" / name):
            try:
                kubernetes_validate.validate(document, KUBERNETES, strict=True)
            except kubernetes_validate.ValidationError as error:
                found.append(f"{name}: {document['kind']}: {error.message}")
    return found


def kubernetes_rules(folder):
    """Slots around the end of a period in UTC, runs that do not overlap, pods that are nobody, own nothing and find their key,
    shards that fit."""
    found = []
    for name in FILES:
        path = folder / "kubernetes" / name
        found += [f"{name}: {problem}" for problem in night(path) + pod(path) + configuration(path)]
    job = cronjob(folder / "kubernetes/indexed-job.yaml")["spec"]["jobTemplate"]["spec"]
    shard = job["template"]["spec"]["containers"][0]["args"][-2:]
    if shard != ["--shard", f"$(JOB_COMPLETION_INDEX)/{job['completions']}"]:
        found.append(f"indexed-job.yaml has {job['completions']} pods, and {shard}")
    if job["completionMode"] != "Indexed" or job["maxFailedIndexes"] != job["completions"]:
        found.append("indexed-job.yaml: a failed shard may end the others")
    return found


def night(path):
    """What is wrong with when it runs."""
    spec = cronjob(path)["spec"]
    found = slots.problems("schedule", lambda *when: starts(spec["schedule"], *when))
    if spec.get("timeZone") != "Etc/UTC":
        found.append("the time zone is not UTC")
    if spec["concurrencyPolicy"] != "Forbid":
        found.append("two runs may meet")
    if timedelta(seconds=spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]) >= GAP:
        found.append("a run may be in the way of the next")
    if timedelta(seconds=spec["startingDeadlineSeconds"]) >= GAP:
        found.append("a start that is made up for may meet the next")
    return found


def pod(path):
    """What a pod may and the job does not need."""
    spec = cronjob(path)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    [container] = spec["containers"]
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    security = spec["securityContext"]
    found = [] if container["securityContext"] == wanted else ["the container may more than it needs"]
    if not security.get("runAsNonRoot") or not security.get("runAsUser"):
        found.append("it may be root")
    if security.get("seccompProfile") != {"type": "RuntimeDefault"} or spec.get("automountServiceAccountToken") is not False:
        found.append("it has system calls or a token that it does not need")
    if spec["restartPolicy"] != "Never":
        found.append("podFailurePolicy wants restartPolicy: Never")
    modes = [volume["secret"]["defaultMode"] for volume in spec["volumes"] if "secret" in volume]
    # YAML 1.1, which Kubernetes reads, has octal numbers
    if modes != [0o440]:
        found.append(f"the key's file has the mode {modes}")
    named = {volume["name"] for volume in spec["volumes"]}
    if {mount["name"] for mount in container["volumeMounts"]} != named:
        found.append("volumes and mounts differ")
    return found


def configuration(path):
    """Whether the configuration names places that the pod has, and a key for each parent."""
    text = of_kind(path, "ConfigMap")["data"]["subledger.toml"]
    spec = cronjob(path)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mounts = {mount["mountPath"]: mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
    try:
        settings = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [f"subledger.toml: {error}"]
    found = []
    for parent in settings.get("parent", [settings]):
        folder = parent.get("key_file", "").rpartition("/")[0]
        if mounts.get(folder) not in ("key", "keys"):
            found.append(f"no secret is mounted at {folder!r}")
    for place in settings["archive"], settings["reports"]:
        if not place.startswith(("s3://", "/var/lib/subledger/")):
            found.append(f"{place} cannot be written to")
    return found


def hadolint(folder):
    """hadolint finds nothing in the Dockerfile."""
    return output([from_pypi("hadolint"), "--no-color", folder / "docker/Dockerfile"])


def instructions(path):
    """The instructions of a Dockerfile, each with its words as one text."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    text = re.sub(r"\\\n", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def dockerfile(folder):
    """The last stage is nobody by number, has no shell and starts the program itself; a build sees what it needs and no
    more."""
    every = instructions(folder / "docker/Dockerfile")
    stages = [number for number, (word, _) in enumerate(every) if word == "FROM"]
    last = dict(every[stages[-1]:])
    found = []
    if len(stages) != 2 or not re.fullmatch(r"gcr\.io/distroless/[\w-]+:nonroot", last["FROM"]):
        found.append(f"the last stage is made from {last['FROM']}")
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.get("USER", "")):
        found.append("the last stage is root, or it cannot be told")
    for word in "ENTRYPOINT", "CMD":
        try:
            json.loads(last[word])
        except (KeyError, ValueError):
            found.append(f"{word} needs a shell")
    found += [f"the last stage has {word}" for word in ("RUN", "VOLUME", "ADD", "SHELL") if word in last]
    if not any("cargo build --release --locked " in words for word, words in every if word == "RUN"):
        found.append("the build does not take the versions that were tested")
    ignored = (folder / "docker/Dockerfile.dockerignore").read_text().splitlines()
    patterns = [line for line in ignored if line and not line.startswith("#")]
    let_in = [line[1:] for line in patterns if line.startswith("!")]
    if patterns[0] != "*" or not {"Cargo.toml", "Cargo.lock", "src/"} <= set(let_in):
        found.append("a build sees more than it needs, or less")
    found += [f"a build wants {name}, which is not there" for name in let_in if not (ROOT / name).exists()]
    return found + [f"a build does not see {name}" for name in included() if not name.startswith(tuple(let_in))]


def included():
    """Files that the program takes into itself when it is built."""
    for source in sorted((ROOT / "src").rglob("*.rs")):
        for name in re.findall(r'include_(?:str|bytes)!\(\s*"([^"]+)"', source.read_text()):
            yield str((source.parent / name).resolve().relative_to(ROOT.resolve()))


def compose(folder):
    """The schema of Compose accepts it; the root is read-only, the key a file."""
    path = folder / "docker/compose.yaml"
    found = output([from_pypi("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", path])
    read = yaml.safe_load(path.read_text())
    service = read["services"]["subledger"]
    if service.get("read_only") is not True or service["cap_drop"] != ["ALL"] or "environment" in service:
        found.append("the service may more than it needs, or has a key in a variable")
    if set(service["secrets"]) != set(read["secrets"]):
        found.append("secrets and their files differ")
    return found

"""Walks every sub-account operation of a running simulator by the vendor's own specification.

    check.py SPEC.yaml

The simulator is the one that AHASEND_BASE_URL, AHASEND_ACCOUNT_ID and AHASEND_API_KEY lead to. Operations, statuses,
bodies, headers and scopes are all taken from the file; what is known here is only how a status is provoked.
"""

import copy
import http.client
import itertools
import json
import os
import re
import select
import sys
import time
import uuid
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

import yaml
from jsonschema import Draft202012Validator, FormatChecker, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

PREFIX = "/v2/accounts/{account_id}/sub-accounts"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
# They come although no operation declares them: the rate limit, and a server that is not there.
UNDECLARED = ("429", "503")
# Declared for cases that the server answers otherwise, and why.
NOT_GIVEN = {"404": "a parent account that is not the key's own is a 401"}
PROBLEMS_SHOWN_MAX = 4
# A little below the rate limit, which is not what is to be met here.
SECS_PER_REQUEST = 1 / 80
PATIENCE_SECS = 20

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)


def is_instant(text):
    return bool(INSTANT.fullmatch(text)) and datetime.fromisoformat(text) is not None


# Without a function of its own a format is only an annotation, and everything passes.
FORMATS = {
    "uuid": lambda value: not isinstance(value, str) or bool(UUID.fullmatch(value)),
    "date-time": lambda value: not isinstance(value, str) or is_instant(value),
    "fqdn": lambda value: not isinstance(value, str) or "." in value and all(map(LABEL.fullmatch, value.split("."))),
    "int64": lambda value: not isinstance(value, int) or -(2**63) <= value < 2**63,
    "double": lambda value: not isinstance(value, float) or value - value == 0,
}


def format_checker():
    checker = FormatChecker(formats=())
    for name, function in FORMATS.items():
        checker.checks(name, raises=ValueError)(function)
    return checker


def is_integer(_, value):
    # JSON Schema takes 5.0 for an integer; a client that reads into one does not
    return isinstance(value, int) and not isinstance(value, bool)


Validator = validators.extend(
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", is_integer)
)


def parse_json(text):
    """JSON whose objects name each field once."""

    def once(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise ValueError(f"a field is there twice: {names}")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


class Spec:
    """The vendor's file."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.document = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        resource = Resource.from_contents(self.document, default_specification=DRAFT202012)
        self.registry = Registry().with_resource("urn:spec", resource)

    def resolved(self, node):
        while isinstance(node, dict) and "$ref" in node:
            pointer = node["$ref"].removeprefix("#/").split("/")
            node = self.document
            for step in pointer:
                node = node[step.replace("~1", "/").replace("~0", "~")]
        return node

    def operations(self):
        for path, item in self.document["paths"].items():
            if path.startswith(PREFIX):
                for method in METHODS:
                    if method in item:
                        yield Operation(self, path, method, item)

    def problems(self, schema, value):
        """What is wrong with a value, unknown fields included."""
        validator = Validator(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **self.anchored(schema)},
            registry=self.registry,
            format_checker=format_checker(),
        )
        for error in validator.iter_errors(value):
            yield f"`{error.json_path}`: {error.message:.200}"
        yield from self.unknown_fields(schema, value, "$")
        for name in self.formats(schema) - set(FORMATS):
            yield f"the format `{name}` is checked by nobody"

    def anchored(self, node):
        """The same with references that lead into the file from anywhere."""
        if isinstance(node, dict):
            return {
                name: f"urn:spec{value}" if name == "$ref" and isinstance(value, str) else self.anchored(value)
                for name, value in node.items()
            }
        return [self.anchored(item) for item in node] if isinstance(node, list) else node

    def parts(self, schema):
        """A schema and all that it is made of besides."""
        schema = self.resolved(schema)
        yield schema
        for part in schema.get("allOf", []):
            yield from self.parts(part)

    def unknown_fields(self, schema, value, path):
        """Fields that no schema names: those are open to the vendor, and not to whoever imitates it."""
        parts = list(self.parts(schema))
        if isinstance(value, dict):
            for name, field in value.items():
                known = [part["properties"][name] for part in parts if name in part.get("properties", {})]
                if not known:
                    yield f"`{path}.{name}` is known to no schema"
                for schema in known:
                    yield from self.unknown_fields(schema, field, f"{path}.{name}")
        elif isinstance(value, list):
            for index, item in enumerate(value):
                for part in parts:
                    if "items" in part:
                        yield from self.unknown_fields(part["items"], item, f"{path}[{index}]")

    def formats(self, schema):
        found = set()
        for part in self.parts(schema):
            if "format" in part:
                found.add(part["format"])
            for field in part.get("properties", {}).values():
                found |= self.formats(field)
            if "items" in part:
                found |= self.formats(part["items"])
        return found


class Operation:
    """One operation of the file."""

    def __init__(self, spec, path, method, item):
        self.spec, self.path, self.method = spec, path, method.upper()
        self.declaration = item[method]
        self.name = self.declaration["operationId"]
        parameters = item.get("parameters", []) + self.declaration.get("parameters", [])
        self.parameters = [spec.resolved(parameter) for parameter in parameters]
        security = self.declaration.get("security", spec.document.get("security", []))
        self.scopes = [scope for requirement in security for scopes in requirement.values() for scope in scopes]

    @property
    def statuses(self):
        return [str(status) for status in self.declaration["responses"]]

    @property
    def success(self):
        return next(status for status in self.statuses if status.startswith("2"))

    def parameter(self, place, name):
        found = (known for known in self.parameters if (known["in"], known["name"].lower()) == (place, name.lower()))
        return next(found, None)

    def response(self, status):
        error = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorResponse"}}}}
        responses = {str(code): response for code, response in self.declaration["responses"].items()}
        return self.spec.resolved(responses.get(status, error))

    @property
    def content(self):
        """What it is sent; nothing for one that takes no body."""
        return self.spec.resolved(self.declaration.get("requestBody", {})).get("content", {}).get("application/json")

    @property
    def body(self):
        """The example that the file gives."""
        if not self.content:
            return None
        return copy.deepcopy(self.content.get("example") or self.spec.resolved(self.content["schema"])["example"])

    def wrong_bodies(self):
        """The example, made wrong in each way that its schema knows."""
        yield from ("", "{", "[]", "7", "{}")
        schema = self.spec.resolved(self.content["schema"])
        for name in schema.get("required", []):
            yield {field: value for field, value in self.body.items() if field != name}
            yield {**self.body, name: None}
        for name, field in schema["properties"].items():
            for value in wrong_values(self.spec.resolved(field)):
                yield {**self.body, name: value}
        if "anyOf" in schema:
            yield {name: None for name in schema["properties"]}


def wrong_values(field):
    types = [field["type"]] if isinstance(field["type"], str) else field["type"]
    yield 7 if "integer" not in types else "7"
    if "string" in types:
        yield from ([], "")
        if "maxLength" in field:
            yield "x" * (field["maxLength"] + 1)
    if "integer" in types:
        yield from (1.0, 1.5, field["minimum"] - 1, field["maximum"] + 1)
    if "array" in types:
        yield from ("x", [7])
        if field.get("minItems"):
            yield []


class Answer:
    def __init__(self, response):
        self.status = str(response.status)
        self.headers = response.headers
        self.text = response.read().decode("utf-8")

    @cached_property
    def json(self):
        return parse_json(self.text)


class Simulator:
    """A simulator on the other side of a socket."""

    def __init__(self):
        self.address = urlsplit(os.environ["AHASEND_BASE_URL"])
        self.account_id = os.environ["AHASEND_ACCOUNT_ID"]
        self.key = os.environ["AHASEND_API_KEY"]

    def send(self, method, target, body=None, headers=()):
        """A connection on which something was asked."""
        connection = http.client.HTTPConnection(self.address.hostname, self.address.port, timeout=PATIENCE_SECS)
        headers = {"Content-Type": "application/json", **dict(headers)} if body is not None else dict(headers)
        connection.request(method, target, body if body is None else body.encode(), headers)
        return connection

    def ask(self, method, target, body=None, headers=()):
        time.sleep(SECS_PER_REQUEST)
        connection = self.send(method, target, body, headers)
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def control(self, method, what, body=None):
        answer = self.ask(method, f"/_simulator/{what}", body if body is None else json.dumps(body))
        if answer.status != "200":
            raise RuntimeError(f"control of {what}: {answer.status} {answer.text}")
        return answer.json

    def key_for(self, scopes):
        return self.control("POST", "keys", {"scopes": scopes})["secret_key"]


class Scene:
    """A sub account and a key of its own, and an operation to be asked about them."""

    def __init__(self, simulator, operation, operations):
        self.simulator, self.operation, self.operations = simulator, operation, operations
        self.ids = {"account_id": simulator.account_id}
        self.ids["sub_account_id"] = self.made("POST", PREFIX)["id"]
        key = self.made("POST", PREFIX + "/{sub_account_id}/api-keys")
        self.ids["key_id"], self.secret = key["id"], key["secret_key"]

    def made(self, method, path):
        creation = next(known for known in self.operations if (known.method, known.path) == (method, path))
        # not the example as it is: a change to the example must change something
        body = {name: f"first {value}" if name in ("name", "label") else value for name, value in creation.body.items()}
        answer = self.simulator.ask(method, path.format(**self.ids), json.dumps(body), self.headers())
        if answer.status != creation.success:
            raise RuntimeError(f"{creation.name}: {answer.status} {answer.text}")
        return answer.json

    def headers(self, key=None, idempotency_key=None):
        headers = {"Authorization": f"Bearer {key or self.simulator.key}"}
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return headers

    def arguments(self, query="", body=..., headers=None, **ids):
        body = self.operation.body if body is ... else body
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        target = self.operation.path.format(**{**self.ids, **ids}) + query
        return self.operation.method, target, text, headers or self.headers()

    def ask(self, **changes):
        return self.simulator.ask(*self.arguments(**changes))

    def ask_twice_at_once(self, headers):
        """The answer to whichever of two requests is told that the other is at it."""
        self.simulator.control("POST", "faults", {"kind": "stalled", "count": 1})
        connections = [self.simulator.send(*self.arguments(headers=headers)) for _ in range(2)]
        try:
            sockets = {connection.sock: connection for connection in connections}
            ready, _, _ = select.select(list(sockets), [], [], PATIENCE_SECS)
            return Answer(sockets[ready[0]].getresponse())
        finally:
            for connection in connections:
                connection.close()
            self.simulator.control("DELETE", "faults")

    def ways(self, status):
        """Every way to provoke a status: what it is, and the answer."""
        names = [name for name in self.ids if f"{{{name}}}" in self.operation.path]
        match status:
            case self.operation.success:
                yield from self.ways_to_succeed()
            case "400":
                for name in names:
                    yield f"{name} is none", self.ask(**{name: "not-an-id"})
                yield from self.ways_to_be_wrong()
            case "401":
                yield "no key", self.ask(headers={"Accept": "*/*"})
                yield "a wrong key", self.ask(headers=self.headers(key="aha-sk-nobody"))
                yield "the sub account's key", self.ask(headers=self.headers(key=self.secret))
                yield "another parent", self.ask(account_id=str(uuid.uuid4()))
            case "403":
                others = {scope for known in self.operations for scope in known.scopes} - set(self.operation.scopes)
                key = self.simulator.key_for(sorted(others))
                yield f"all scopes but {self.operation.scopes}", self.ask(headers=self.headers(key=key))
            case "404":
                for name in names[1:]:
                    yield f"{name} is nobody's", self.ask(**{name: str(uuid.uuid4())})
            case "409":
                yield "two at once", self.ask_twice_at_once(self.headers(idempotency_key=str(uuid.uuid4())))
            case "422":
                headers = self.headers(idempotency_key=str(uuid.uuid4()))
                self.ask(headers=headers)
                yield "another body", self.ask(headers=headers, body=json.dumps(self.operation.body, indent=1))
            case "429" | "500" | "503":
                self.simulator.control("POST", "faults", {"kind": status, "count": 1})
                yield "a fault", self.ask()

    def ways_to_succeed(self):
        yield "as the example has it", self.ask()
        # once more from the start: what is deleted or changed is so only once
        anew = Scene(self.simulator, self.operation, self.operations)
        key = self.simulator.key_for(self.operation.scopes)
        yield f"with {self.operation.scopes} only", anew.ask(headers=self.headers(key=key))
        if limit := self.operation.parameter("query", "limit"):
            for value in (limit["schema"]["minimum"], limit["schema"]["maximum"]):
                answer = self.ask(query=f"?limit={value}")
                yield f"limit={value}", answer
                if cursor := answer.json["pagination"].get("next_cursor"):
                    encoded = "".join(f"%{byte:02x}" for byte in cursor.encode())
                    yield "the next page", self.ask(query=f"?limit={value}&after={encoded}")
        if self.operation.parameter("header", "Idempotency-Key"):
            headers = self.headers(idempotency_key=str(uuid.uuid4()))
            yield "with an idempotency key", self.ask(headers=headers)
            yield "a replay", self.ask(headers=headers)

    def ways_to_be_wrong(self):
        if limit := self.operation.parameter("query", "limit"):
            for value in (limit["schema"]["minimum"] - 1, limit["schema"]["maximum"] + 1, "x"):
                yield f"limit={value}", self.ask(query=f"?limit={value}")
            yield "no cursor", self.ask(query="?after=x")
        if key := self.operation.parameter("header", "Idempotency-Key"):
            text = "k" * (key["schema"]["maxLength"] + 1)
            yield "a long idempotency key", self.ask(headers=self.headers(idempotency_key=text))
        if self.operation.content:
            for body in self.operation.wrong_bodies():
                yield f"the body {json.dumps(body):.80}", self.ask(body=body)


def answer_problems(operation, status, way, answer):
    """Whatever is wrong with one answer."""
    if answer.status != status:
        yield f"status {answer.status}, {answer.text:.200}"
        return
    response = operation.response(status)
    content_type = (answer.headers["Content-Type"] or "").split(";")[0]
    if content_type not in response["content"]:
        yield f"the content type is {content_type!r}"
        return
    yield from operation.spec.problems(response["content"][content_type]["schema"], answer.json)
    if not answer.headers["X-Request-Id"]:
        yield "no request id"
    declared = {name.lower(): operation.spec.resolved(header) for name, header in response.get("headers", {}).items()}
    for name in ("Idempotent-Replayed", "Retry-After"):
        value, header = answer.headers[name], declared.get(name.lower())
        if value is not None and header:
            schema = operation.spec.resolved(header["schema"])
            typed = int(value) if schema["type"] == "integer" and value.isdecimal() else value
            for problem in operation.spec.problems(schema, typed):
                yield f"`{name}`: {problem}"
        is_due = way == "a replay" and name == "Idempotent-Replayed" or status == "409"
        # a 429 or a 503 may say when to come back, and nothing says that it must
        if (value is not None) != is_due and not (name == "Retry-After" and status in UNDECLARED):
            yield f"`{name}` is {value!r}"


def verdict(label, found, extra=""):
    """Prints one line, and returns whether it is good news."""
    more = f"; and {len(found) - PROBLEMS_SHOWN_MAX} more" if len(found) > PROBLEMS_SHOWN_MAX else ""
    detail = ": " + "; ".join(found[:PROBLEMS_SHOWN_MAX]) + more if found else extra
    print(f"{'FAILED' if found else 'passed'} {label}{detail}", flush=True)
    return not found


def walk(simulator, operation, operations, status):
    """One line: an operation and a status, however many ways lead there."""
    label = f"{operation.name} {status}"
    found, count = [], 0
    try:
        scene = Scene(simulator, operation, operations)
        for way, answer in scene.ways(status):
            count += 1
            found += [f"{way}: {problem}" for problem in answer_problems(operation, status, way, answer)]
    except Exception as error:  # an answer that cannot be read is a result, too
        found.append(f"{type(error).__name__}: {error}".splitlines()[0])
    if not count and not found and status in NOT_GIVEN:
        print(f"not given {label}: {NOT_GIVEN[status]}")
        return None
    if not count and not found:
        found.append("nothing here knows how to provoke it")
    return verdict(label, found, f" ({count} ways)" if count > 1 else "")


def walk_moods(simulator, operations):
    """Whatever is read without an id, in every mood that changes a body."""
    moods = itertools.product(("2", "4", "full"), *[(True, False)] * 3)
    names = ("rounding", "list_suspended", "suspended_usage", "zero_usage")
    moods = [dict(zip(names, mood)) for mood in moods]
    for operation in operations:
        if operation.method != "GET" or "{" in operation.path.removeprefix(PREFIX):
            continue
        found = []
        for mood in moods:
            simulator.control("POST", "mood", mood)
            answer = Scene(simulator, operation, operations).ask()
            problems = answer_problems(operation, operation.success, "", answer)
            found += [f"{mood}: {problem}" for problem in problems]
        yield verdict(f"{operation.name} {operation.success} in {len(moods)} moods", found)


def request_problems(operation):
    """The examples that are sent are what the file itself asks for."""
    return list(operation.spec.problems(operation.content["schema"], operation.body))


def main(path):
    spec, simulator = Spec(path), Simulator()
    operations = list(spec.operations())
    results = [verdict("the file has sub-account operations", [] if operations else ["it has none"])]
    for operation in operations:
        if operation.content:
            results.append(verdict(f"{operation.name} as it is asked", request_problems(operation)))
        for status in [*operation.statuses, *UNDECLARED]:
            results.append(walk(simulator, operation, operations, status))
    results += walk_moods(simulator, operations)
    results = [result for result in results if result is not None]
    passed = sum(results)
    print(f"{passed} passed, {len(results) - passed} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))

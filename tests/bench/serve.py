#!/usr/bin/env python3
"""Serves what `generate.py` made as the API would, on a loopback port, until it is told to end.

    serve.py --data FOLDER --now 2026-10-31T23:45:00Z

It answers the usage, the pages of the list by their cursors, and single sub accounts, with 404 for those that are not
in the list. Connections are kept. `Date` headers say the time that is given, because captures compare it with theirs.
stdout gets the three lines for a shell that `subledger simulate` prints as well.
"""

import argparse
import datetime
import json
import mmap
import re
import signal
import sys
from collections.abc import Iterator
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

KEY = "aha-sk-" + "benchmark" * 7
# A cursor is at the very end of its page.
CURSOR = re.compile(rb'"next_cursor":"([^"]*)"\}\}$')
CURSOR_BYTES_MAX = 200
ENTRY_ID = re.compile(rb'"object":"sub_account","id":"([0-9a-f-]{36})"')


class Answers:
    """What is served, found by cursor and by id."""

    def __init__(self, data: Path) -> None:
        self.usage = (data / "usage.json").read_bytes()
        self.parent_id: str = json.loads((data / "about.json").read_text())["parent_id"]
        with open(data / "accounts.jsonl", "rb") as file:
            self.list = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.pages = list(self.spans())
        self.after: dict[str, int] = {}
        self.page_of: dict[bytes, int] = {}
        for number, (start, end) in enumerate(self.pages):
            if cursor := CURSOR.search(self.list[max(start, end - CURSOR_BYTES_MAX) : end]):
                self.after[cursor[1].decode()] = number + 1
            for found in ENTRY_ID.finditer(self.list[start:end]):
                self.page_of[found[1]] = number

    def spans(self) -> Iterator[tuple[int, int]]:
        """Where the pages begin and end."""
        start = 0
        while (end := self.list.find(b"\n", start)) >= 0:
            yield start, end
            start = end + 1

    def page(self, cursor: str | None) -> bytes | None:
        number = 0 if cursor is None else self.after.get(cursor)
        if number is None:
            return None
        start, end = self.pages[number]
        return self.list[start:end]

    def account(self, account_id: str) -> bytes | None:
        number = self.page_of.get(account_id.encode())
        if number is None:
            return None
        start, end = self.pages[number]
        found = next(entry for entry in json.loads(self.list[start:end])["data"] if entry["id"] == account_id)
        return json.dumps(found, ensure_ascii=False).encode()

    def to(self, target: str) -> tuple[int, bytes]:
        """Status and body for a path with its query."""
        parts = urlsplit(target)
        base = f"/v2/accounts/{self.parent_id}/sub-accounts"
        if not (parts.path + "/").startswith(base + "/"):
            return 404, b'{"message":"no such path"}'
        rest = parts.path.removeprefix(base).strip("/")
        if rest == "usage":
            return 200, self.usage
        body = self.account(rest) if rest else self.page(parse_qs(parts.query).get("after", [None])[0])
        return (200, body) if body is not None else (404, b'{"message":"not found"}')


def handler(answers: Answers, date: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one go, and nothing waits for an acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            status, body = answers.to(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--now", type=datetime.datetime.fromisoformat, required=True)
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    answers = Answers(arguments.data)
    date = format_datetime(arguments.now.astimezone(datetime.UTC), usegmt=True)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(answers, date)) as server:
        print(f"export AHASEND_BASE_URL=http://127.0.0.1:{server.server_port}")
        print(f"export AHASEND_ACCOUNT_ID={answers.parent_id}")
        print(f"export AHASEND_API_KEY={KEY}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()

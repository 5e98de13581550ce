"""An object store that counts: as much of S3 as an archive needs, in memory, on this machine only."""

import hashlib
import re
import threading
import urllib.parse
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape, unescape

KEYS_A_PAGE = 1_000
MODIFIED = "2026-01-01T00:00:00.000Z"


class Store:
    """Objects of one bucket by their keys, and how often each kind of request came."""

    def __init__(self):
        self.objects, self.requests, self.lock = {}, Counter(), threading.Lock()
        self.read_bytes = 0
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def handle_one(self):
                url = urllib.parse.urlsplit(self.path)
                bucket, _, key = urllib.parse.unquote(url.path).lstrip("/").partition("/")
                query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with store.lock:
                    status, headers, answer = store.answer(self.command, key, query, self.headers, body)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in headers and status != 204:
                    self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def env(self):
        """What a program needs to take this for S3."""
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
        }

    def taken(self):
        """The requests since the last look, by kind, and the bytes read."""
        with self.lock:
            requests, read_bytes = dict(self.requests), self.read_bytes
            self.requests.clear()
            self.read_bytes = 0
        return requests, read_bytes

    def answer(self, method, key, query, headers, body):
        if method == "GET" and not key:
            self.requests["LIST"] += 1
            return 200, {"Content-Type": "application/xml"}, self.listing(query)
        if method == "POST" and "delete" in query:
            self.requests["DELETE"] += 1
            for deleted in re.findall(r"<Key>(.*?)</Key>", body.decode()):
                self.objects.pop(unescape(deleted), None)
            return 200, {"Content-Type": "application/xml"}, b"<DeleteResult></DeleteResult>"
        self.requests[method] += 1
        if method == "PUT":
            if headers.get("If-None-Match") == "*" and key in self.objects:
                return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
            self.objects[key] = body
            return 200, {"ETag": tag(body)}, b""
        if method == "DELETE":
            self.objects.pop(key, None)
            return 204, {}, b""
        if key not in self.objects:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>"
        found = self.objects[key]
        head = {"ETag": tag(found), "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT", "Content-Length": str(len(found))}
        self.read_bytes += len(found) if method == "GET" else 0
        return 200, head, found

    def listing(self, query):
        prefix, after = query.get("prefix", ""), query.get("continuation-token", query.get("start-after", ""))
        keys = sorted(key for key in self.objects if key.startswith(prefix) and key > after)
        page, more = keys[:KEYS_A_PAGE], keys[KEYS_A_PAGE:]
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{MODIFIED}</LastModified>"
            f"<ETag>{tag(self.objects[key])}</ETag><Size>{len(self.objects[key])}</Size></Contents>" for key in page)
        next_page = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        return (f"<ListBucketResult><IsTruncated>{str(bool(more)).lower()}</IsTruncated>{contents}{next_page}"
                "</ListBucketResult>").encode()


def tag(body):
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'

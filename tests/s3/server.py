"""An S3 server on loopback, and a proxy before it that does to requests what networks and clouds do."""

import http.client
import http.server
import logging
import os
import re
import signal
import threading
import urllib.parse

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "evidence"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
ERROR = '<?xml version="1.0"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'


class Proxy(http.server.ThreadingHTTPServer):
    """Hands every request on to the server, unless a fault is due."""

    daemon_threads = True

    def __init__(self, behind):
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.lock = threading.Lock()
        # What the next nights meet: each a method, a pattern of paths, how often, and what happens.
        self.faults = []
        self.on_kill = None

    def fault_of(self, method, path):
        with self.lock:
            for fault in self.faults:
                if fault["left"] and method in fault["methods"] and re.search(fault["path"], path):
                    fault["left"] -= 1
                    return fault["what"]
        return None

    def due(self, what, methods="PUT", path="", times=1):
        self.faults.append({"what": what, "methods": methods.split(), "path": path, "left": times})

    def handle_error(self, *_):
        """A client that was killed is no error of the proxy."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        what = self.server.fault_of(self.command, urllib.parse.unquote(self.path))
        if what == "busy":
            return self.reply(503, ERROR.format(code="SlowDown"))
        if what == "expired":
            return self.reply(403, ERROR.format(code="ExpiredToken"))
        if what == "away":
            self.close_connection = True
            return None
        headers = {name: value for name, value in self.headers.items()}
        if what == "replace":
            headers = {name: value for name, value in headers.items() if name.lower() != "if-none-match"}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        if what == "lose":
            # it is done, and nobody hears of it
            self.close_connection = True
            return None
        if what == "kill":
            self.server.on_kill()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("content-length", answer.getheader("content-length") if self.command == "HEAD" else str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def reply(self, status, text):
        self.send_response(status)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def log_message(self, *_):
        pass


class Store:
    """The server, its bucket, and the proxy that the program is told of."""

    def __enter__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **KEYS)
        self.client.create_bucket(Bucket=BUCKET)
        self.proxy = Proxy(port)
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.proxy.shutdown()
        self.server.stop()

    def variables(self):
        return {
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.proxy.server_port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": KEYS["region_name"],
            "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        }

    def objects(self, prefix):
        """The objects below a prefix, by their paths below it."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix + "/")
        return sorted(entry["Key"].removeprefix(prefix + "/") for page in pages for entry in page.get("Contents", []))

    def bytes_of(self, path):
        return self.client.get_object(Bucket=BUCKET, Key=path)["Body"].read()


def kill(pid):
    os.kill(pid, signal.SIGKILL)

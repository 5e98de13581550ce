"""Whether every channel arrives: a night whose messages real listeners on loopback take, a mail server among them."""

import email
import hashlib
import hmac
import http.server
import json
import os
import socket
import subprocess
import tempfile
import threading
from email import policy
from pathlib import Path

from aiosmtpd.controller import Controller
from tool import Skip, simulator

SECRET = "a shared secret"
SETTINGS = """\
label = "acme"

[[notify]]
kind = "slack"
url_env = "HOOK"

[[notify]]
kind = "json"
url_env = "SIGNED"
secret_env = "SECRET"

[[notify]]
kind = "email"
smtp = "smtp://127.0.0.1:{port}"
from = "subledger@example.com"
to = ["billing-ops@example.com"]
"""


class Listener(http.server.BaseHTTPRequestHandler):
    """Takes every POST, and keeps it."""

    taken = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        Listener.taken.append((self.path, dict(self.headers), body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Mailbox:
    """Takes every mail, and keeps it."""

    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 taken"


def signed(secret, headers, body):
    """Whether the signature of a message is that of its bytes."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(headers["x-subledger-signature"], expected)


def arrive(_folder):
    """Slack's webhook, signed JSON and a mail server take what a night has to say; once, and the next night says nothing."""
    binary = os.environ["OPS_BINARY"]
    if not binary:
        raise Skip("SUBLEDGER_BINARY names no program")
    scratch = Path(tempfile.mkdtemp(dir=os.environ["OPS_SCRATCH"]))
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    mails = Controller(mailbox, hostname="127.0.0.1", port=port)
    hooks = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    mails.start()
    try:
        (scratch / "subledger.toml").write_text(SETTINGS.format(port=port))
        address = f"http://127.0.0.1:{hooks.server_port}"
        named = {"HOOK": f"{address}/hook", "SIGNED": f"{address}/signed", "SECRET": SECRET}
        nights = []
        with simulator(binary, scratch) as variables:
            environment = {**os.environ, **variables, **named}
            for _ in range(2):
                nights.append(subprocess.run([binary, "run"], cwd=scratch, env=environment, capture_output=True, text=True))
        return problems(nights, mailbox.taken)
    finally:
        mails.stop()
        hooks.shutdown()


def problems(nights, mails):
    taken = {path: (headers, body) for path, headers, body in Listener.taken}
    found = [f"a night ends with {night.returncode}: {night.stderr}" for night in nights if night.returncode not in (0, 10)]
    if sorted(path for path, *_ in Listener.taken) != ["/hook", "/signed"] or len(mails) != 1:
        return [*found, f"hooks took {[path for path, *_ in Listener.taken]}, and the mail server {len(mails)} mails"]
    headers, body = taken["/signed"]
    headers = {name.lower(): value for name, value in headers.items()}
    if not signed(SECRET, headers, body) or signed("another secret", headers, body):
        found.append("the signature is not that of the message")
    message = json.loads(body)
    mail = email.message_from_bytes(mails[0].content, policy=policy.default)
    if not mail.get_content().startswith(message["do"]) or message["do"] not in json.loads(taken["/hook"][1])["text"]:
        found.append("a message does not lead with what to do")
    shown = Path(os.environ["OPS_TOOLS"]) / "received"
    shown.mkdir(exist_ok=True)
    (shown / "slack.json").write_bytes(taken["/hook"][1])
    (shown / "signed.json").write_bytes(body)
    (shown / "mail.txt").write_bytes(mails[0].content)
    return found

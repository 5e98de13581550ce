"""Opens a report set's pages in headless Chromium and checks them, over the DevTools protocol.

    check.py CHROMIUM PROFILE SET PICTURES

Each page is looked at in light and in dark, wide and narrow, and printed. A console message of any kind fails, and with it
whatever the page's own policy refuses to load.
"""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import websocket

WIDTHS = {"wide": 1200, "narrow": 360}
SCHEMES = ("light", "dark")
CONTRAST_MIN = 4.5
TIMEOUT_SECS = 60

# Runs in the page; what it returns is a list of complaints.
CHECKS = """
(() => {
  const said = [];
  const root = document.scrollingElement;
  if (root.scrollWidth > WIDTH) {
    const wide = [...document.querySelectorAll('body *')].filter(e =>
      !e.closest('.scroll') && e.getBoundingClientRect().right > WIDTH + 1);
    const shown = wide.slice(0, 3).map(e => e.tagName + '.' + (e.getAttribute('class') || ''));
    said.push(`scrolls sideways: ${root.scrollWidth} > ${WIDTH}: ${shown}`);
  }
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const over = (top, under) => {
    const a = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(i => top[i] * a + under[i] * (1 - a));
  };
  const light = c => {
    const [r, g, b] = c.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = e => {
    const layers = [];
    for (let n = e; n; n = n.parentElement) layers.push(parse(getComputedStyle(n).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  document.querySelectorAll('details').forEach(d => { d.open = true; });
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest('svg')) continue;
    const style = getComputedStyle(e);
    const back = behind(e), front = over(parse(style.color), back);
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const key = style.color + back;
    if (ratio < MIN && !seen.has(key)) {
      seen.add(key);
      said.push(`contrast ${ratio.toFixed(2)}: "${node.data.trim().slice(0, 40)}" ${style.color} on ${back}`);
    }
  }
  let level = 0;
  for (const h of document.querySelectorAll('h1,h2,h3,h4,h5,h6')) {
    const next = Number(h.tagName[1]);
    if (next > level + 1) said.push(`heading "${h.textContent}" is h${next} after h${level}`);
    level = next;
  }
  if (document.querySelectorAll('h1').length !== 1) said.push('not one h1');
  for (const table of document.querySelectorAll('table')) {
    const box = table.parentElement;
    if (!box.matches('.scroll[role=region][tabindex="0"][aria-label]')) said.push('a table without its own box');
    for (const th of table.querySelectorAll('th')) {
      if (!['col', 'row'].includes(th.getAttribute('scope'))) said.push(`th without scope: ${th.textContent}`);
    }
    const columns = table.querySelectorAll('thead th').length;
    for (const row of table.rows) {
      if (row.cells.length !== columns) said.push(`a row of ${row.cells.length} cells, not ${columns}`);
    }
    if (box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== 'auto') said.push('a table is cut');
  }
  const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  if (new Set(ids).size !== ids.length) said.push('an id twice');
  for (const svg of document.querySelectorAll('svg')) {
    const named = (svg.getAttribute('aria-labelledby') || '').split(' ').every(id => document.getElementById(id));
    const told = svg.getAttribute('role') === 'img' && svg.querySelector('title') && named;
    if (!told && svg.getAttribute('aria-hidden') !== 'true') said.push('a drawing without a name');
  }
  for (const a of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(a.getAttribute('href').slice(1))) said.push(`a link to nowhere: ${a.href}`);
  }
  document.querySelectorAll('details').forEach(d => { d.open = false; });
  return said;
})()
""".replace("MIN", str(CONTRAST_MIN))

# The same page with names of 300 letters and no space: they have to wrap.
STRETCH = """
(() => {
  document.querySelectorAll('bdi').forEach(name => { name.textContent = 'W'.repeat(300); });
  const width = document.scrollingElement.scrollWidth;
  return width > WIDTH ? [`long names do not wrap: ${width} > WIDTH`] : [];
})()
"""


class Browser:
    """One Chromium with one tab."""

    def __init__(self, chromium, profile):
        command = [chromium, "--headless=new", "--disable-gpu", "--remote-debugging-port=0", "--hide-scrollbars"]
        command += ["--remote-allow-origins=*", "--no-first-run", f"--user-data-dir={profile}", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port_file = Path(profile) / "DevToolsActivePort"
        deadline = time.monotonic() + TIMEOUT_SECS
        while not (port_file.is_file() and port_file.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("error: Chromium did not start")
            time.sleep(0.1)
        port = port_file.read_text().split()[0]
        tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=TIMEOUT_SECS))
        tab = next(tab for tab in tabs if tab["type"] == "page")
        self.socket = websocket.create_connection(tab["webSocketDebuggerUrl"], timeout=TIMEOUT_SECS)
        self.last, self.events = 0, []
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": params}))
        while True:
            answer = json.loads(self.socket.recv())
            if "method" in answer:
                self.events.append(answer)
            elif answer["id"] == self.last:
                if "error" in answer:
                    raise SystemExit(f"error: {method}: {answer['error']}")
                return answer["result"]

    def open(self, url):
        self.events.clear()
        self.call("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(json.loads(self.socket.recv()))

    def messages(self):
        """What the console and the log were told, by anybody."""
        texts = []
        for event in self.events:
            if event["method"] in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
                entry = event["params"].get("entry", {})
                texts.append(entry.get("text") or json.dumps(event["params"]))
        return texts

    def checked(self, script, width):
        """What a script has to say about the page that is open."""
        said = self.call("Runtime.evaluate", expression=script.replace("WIDTH", str(width)), returnByValue=True)
        if "exceptionDetails" in said:
            raise SystemExit(f"error: the checks failed: {said['exceptionDetails']}")
        return said["result"]["value"]

    def look(self, url, scheme, width, picture):
        """Complaints about a page in one scheme and width, and a picture of all of it."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.open(url)
        complaints = self.checked(CHECKS, width)
        whole = self.call("Page.getLayoutMetrics")["cssContentSize"] | {"scale": 1}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=whole)
        picture.write_bytes(base64.b64decode(shot["data"]))
        return complaints + self.checked(STRETCH, width) + self.messages()

    def print(self, url, paper):
        """The page on paper, from the dark scheme, which paper must not have; returns how many pages."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.call("Emulation.clearDeviceMetricsOverride")
        self.open(url)
        pdf = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        data = base64.b64decode(pdf["data"])
        paper.write_bytes(data)
        return data.count(b"/Type /Page\n")

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(TIMEOUT_SECS)


def pages(folder):
    """The page of the pool, and the longest and the shortest statement."""
    yield "report", folder / "report.html"
    statements = sorted(folder.glob("customers/*/statement.html"), key=lambda page: (page.stat().st_size, page))
    if statements:
        yield "statement", statements[-1]
        yield "statement-short", statements[0]


def main(chromium, profile, folder, pictures):
    browser, failed, looked = Browser(chromium, profile), 0, 0
    try:
        for name, page in pages(Path(folder).resolve()):
            for scheme in SCHEMES:
                for width_name, width in WIDTHS.items():
                    picture = Path(pictures) / f"{name}-{scheme}-{width_name}.png"
                    looked += 1
                    for complaint in browser.look(page.as_uri(), scheme, width, picture):
                        failed += 1
                        print(f"{name}, {scheme}, {width} px: {complaint}")
            sheets = browser.print(page.as_uri(), Path(pictures) / f"{name}.pdf")
            print(f"{name}: {sheets} on paper")
            if name == "statement-short" and sheets != 1:
                failed += 1
                print(f"{name}: more than one sheet")
    finally:
        browser.close()
    if failed or not looked:
        raise SystemExit(f"error: {failed} complaints in {looked} looks")
    print(f"{looked} looks, nothing to complain of; pictures in {pictures}")


if __name__ == "__main__":
    main(*sys.argv[1:])

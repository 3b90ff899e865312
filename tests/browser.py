"""Headless Chromium, driven through its DevTools protocol over two pipes: no driver, no port. And a server for it."""

import functools
import http.server
import json
import os
import select
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 120.0
"""Until a browser counts as stuck: no figure is tested with it."""


def installed(names, browser):
    """The first program of these names; the test is skipped where there is none."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no {browser} is installed")
    return found


def program():
    """Chromium; the test is skipped where there is none."""
    return installed(NAMES, "Chromium")


class Waiting:
    """What can be told by running JavaScript alone, in any browser."""

    def wait(self, expression, limit_s=LIMIT_S):
        """Wait until an expression is true; return its value."""
        end_s = time.monotonic() + limit_s
        while not (value := self.run(expression)):
            assert time.monotonic() < end_s, (expression, self.run("document.body.innerText"))
            time.sleep(0.05)
        return value


class Page(Waiting):
    """One page of a browser."""

    def __init__(self, process, write, read):
        self._process, self._write, self._read = process, write, read
        self._buffer, self._number = b"", 0
        self.session = None
        self.events = []  # (method, parameters) of everything that happened

    def call(self, method, limit_s=LIMIT_S, **parameters):
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self.session and not method.startswith("Target."):
            message["sessionId"] = self.session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        end_s = time.monotonic() + limit_s
        while True:
            answer = self._receive(end_s)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]

    def _receive(self, end_s):
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, end_s - time.monotonic()))
            assert ready, f"Chromium says nothing (exit status {self._process.poll()})"
            self._buffer += os.read(self._read, 1 << 20)
        text, self._buffer = self._buffer.split(b"\0", 1)
        answer = json.loads(text)
        if "method" in answer:
            self.events.append((answer["method"], answer["params"]))
        return answer

    def open(self, address):
        """Open an address and wait until it is loaded."""
        before = len(self.events)
        self.call("Page.navigate", url=address)
        self._wait_for(lambda method, _: method == "Page.loadEventFired", before)

    def open_quietly(self, address):
        """Open an address and wait until nothing more is loaded; return the number of the first event of that."""
        before = len(self.events)
        self.call("Page.setLifecycleEventsEnabled", enabled=True)
        loader = self.call("Page.navigate", url=address)["loaderId"]
        self._wait_for(
            lambda method, p: method == "Page.lifecycleEvent" and (p["name"], p["loaderId"]) == ("networkIdle", loader),
            before,
        )
        return before

    def _wait_for(self, found, first):
        end_s = time.monotonic() + LIMIT_S
        while not any(found(method, parameters) for method, parameters in self.events[first:]):
            self._receive(end_s)

    def run(self, expression):
        """Return the value of a JavaScript expression; a promise is awaited."""
        found = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def on_every_page(self, source):
        """Run a script in front of those of every page."""
        self.call("Page.addScriptToEvaluateOnNewDocument", source=source)

    def problems(self, first=0):
        """What went to the console as an error, and exceptions nobody caught, from an event on."""
        events = self.events[first:]
        thrown = [p["exceptionDetails"] for method, p in events if method == "Runtime.exceptionThrown"]
        texts = [details.get("exception", {}).get("description") or details["text"] for details in thrown]
        texts += [p["entry"]["text"] for method, p in events if method == "Log.entryAdded"]
        texts += [str(p["args"]) for m, p in events if m == "Runtime.consoleAPICalled" and p["type"] == "error"]
        return texts

    def requests(self):
        """Addresses that were asked for, in order."""
        return [p["request"]["url"] for method, p in self.events if method == "Network.requestWillBeSent"]


@contextmanager
def chromium(folder, *options):
    """Start a browser, with its files in `folder`, and give its page."""
    (to_read, to_write), (from_read, from_write) = os.pipe(), os.pipe()
    words = [program(), "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"]
    words += ["--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--mute-audio"]
    words += [f"--user-data-dir={folder / 'profile'}", *options, "about:blank"]
    # Chromium reads from 3 and writes to 4; a plain sh knows descriptors of one digit alone.
    shell = f'exec "$@" 3<&{to_read} 4>&{from_write}'
    log = (folder / "chromium.log").open("wb")
    process = subprocess.Popen(
        ["bash", "-c", shell, "bash", *words],
        pass_fds=(to_read, from_write),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )
    os.close(to_read)
    os.close(from_write)
    page = Page(process, to_write, from_read)
    try:
        targets = page.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        page.session = page.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        yield page
        page.call("Browser.close")
    finally:
        os.close(to_write)
        os.close(from_read)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """Serve a folder on this machine, on a free port; give the address of the folder, without a slash at its end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

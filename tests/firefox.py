"""Headless Firefox, driven through WebDriver BiDi: what `tests.browser` does for Chromium, as far as tests need it."""

import asyncio
import json
import re
import subprocess
import time
from contextlib import contextmanager

from tornado.websocket import websocket_connect

from tests.browser import LIMIT_S, Waiting, installed

NAMES = ("firefox-esr", "firefox")
LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Page(Waiting):
    """One page of a browser."""

    def __init__(self, loop, socket):
        self._loop, self._socket, self._number = loop, socket, 0
        self._problems = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=["log.entryAdded"])
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method, **parameters):
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = json.dumps({"id": self._number, "method": method, "params": parameters})
        return self._loop.run_until_complete(asyncio.wait_for(self._answer(message, self._number, method), LIMIT_S))

    async def _answer(self, message, number, method):
        await self._socket.write_message(message)
        while True:
            text = await self._socket.read_message()
            assert text is not None, f"Firefox closed the connection during {method}"
            answer = json.loads(text)
            if answer.get("method") == "log.entryAdded" and answer["params"]["level"] == "error":
                self._problems.append(answer["params"]["text"])
            if answer.get("id") == number:
                assert answer["type"] == "success", (method, answer)
                return answer["result"]

    def open(self, address):
        """Open an address and wait until it is loaded."""
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def _evaluate(self, expression):
        found = self.call(
            "script.evaluate",
            expression=expression,
            target={"context": self.context},
            awaitPromise=True,
            userActivation=True,
        )
        assert found["type"] == "success", found
        return found["result"]

    def run(self, expression):
        """Return the value of a JavaScript expression; a promise is awaited."""
        found = self._evaluate(f"Promise.resolve({expression}).then((value) => JSON.stringify([value]))")
        return json.loads(found["value"])[0]

    def choose_file(self, selector, path):
        """Give a file to an input of the page."""
        node = self._evaluate(f"document.querySelector({selector!r})")
        element = {"sharedId": node["sharedId"]}
        self.call("input.setFiles", context=self.context, element=element, files=[str(path)])

    def problems(self):
        """What went to the console as an error, and exceptions nobody caught."""
        return self._problems


@contextmanager
def firefox(folder, **preferences):
    """Start a browser with a profile in `folder`, and give its page."""
    profile = folder / "firefox"
    profile.mkdir()
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences.items()]
    (profile / "user.js").write_text("\n".join(lines))
    log = folder / "firefox.log"
    words = [
        installed(NAMES, "Firefox"),
        "--headless",
        "--no-remote",
        "--profile",
        str(profile),
        "--remote-debugging-port",
        "0",
    ]
    with log.open("wb") as written:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
    loop = asyncio.new_event_loop()
    try:
        socket = loop.run_until_complete(_connect(log, process))
        yield Page(loop, socket)
        socket.close()
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        loop.close()


async def _connect(log, process):
    end_s = time.monotonic() + LIMIT_S
    while not (found := LISTENING.search(log.read_text(errors="replace"))):
        assert process.poll() is None and time.monotonic() < end_s, log.read_text(errors="replace")
        await asyncio.sleep(0.1)
    return await websocket_connect(f"{found[1]}/session", max_message_size=1 << 26)

"""A headless Chromium and the pages in it, spoken to over a pipe (chromedevtools.github.io/devtools-protocol)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
# Chromium reads commands from descriptor 3 and writes to 4.
_WIRED = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execvp(sys.argv[3], sys.argv[3:])"
)
_PATIENCE = 60
"""Seconds an answer may take before the browser is given up."""


def found() -> str:
    """Return the path of a Chromium; empty where there is none."""
    given = os.environ.get("CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), "")


class Page:
    """One page, with what it said and asked for while it was open."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.said: list[str] = []
        self.requests: list[str] = []

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        return self._browser.send(method, parameters, self._session)

    def noted(self, event: dict[str, Any]) -> None:
        """Keep what *event* tells."""
        method, told = event["method"], event["params"]
        if method == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif method == "Runtime.consoleAPICalled":
            self.said.append(" ".join(str(one.get("value")) for one in told["args"]))
        elif method == "Runtime.exceptionThrown":
            self.said.append(told["exceptionDetails"]["text"])
        elif method == "Log.entryAdded":
            self.said.append(told["entry"]["text"])

    def show(self, url: str) -> None:
        """Open *url* and wait until it is loaded."""
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send("Page.navigate", url=url)
        self._browser.until(self._session, "Page.loadEventFired")

    def window(self, width: int, height: int = 900, scheme: str = "light", media: str = "") -> None:
        """Make the window so many pixels wide, and say what its user prefers."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=media, features=features)

    def ask(self, expression: str) -> Any:
        """Return the value of a JavaScript *expression*, as JSON."""
        answer = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        """Press *key* once."""
        code = {"Tab": 9, "Enter": 13, " ": 32}[key]
        text = {"Enter": "\r", " ": " "}.get(key, "")
        self.send("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, text=text)
        self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def picture(self, *, whole: bool = True) -> bytes:
        """Return a PNG of the page."""
        return base64.b64decode(self.send("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def pdf(self) -> bytes:
        """Return the page as it is printed."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])


class Browser:
    """A running Chromium."""

    def __init__(self, commands: int, answers: int) -> None:
        self._commands = commands
        self._answers = answers
        self._number = 0
        self._rest = b""
        self._pages: dict[str, Page] = {}
        self._events: list[dict[str, Any]] = []

    @contextlib.contextmanager
    def page(self) -> Iterator[Page]:
        """Give a new page, without anything another one left."""
        context = self.send("Target.createBrowserContext", {})["browserContextId"]
        target = self.send("Target.createTarget", {"url": "about:blank", "browserContextId": context})["targetId"]
        session = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session)
        try:
            yield page
        finally:
            del self._pages[session]
            self.send("Target.disposeBrowserContext", {"browserContextId": context})

    def send(self, method: str, parameters: dict[str, Any], session: str = "") -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while True:
            message = self._read()
            if message.get("id") == self._number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']}")
                result: dict[str, Any] = message["result"]
                return result
            self._noted(message)

    def until(self, session: str, method: str) -> None:
        """Wait for the event *method* of *session*."""
        while not any(one["method"] == method and one.get("sessionId") == session for one in self._events):
            self._noted(self._read())
        self._events.clear()

    def _noted(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self._events.append(message)
            page = self._pages.get(message.get("sessionId", ""))
            if page is not None:
                page.noted(message)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            if not select.select([self._answers], [], [], _PATIENCE)[0]:
                raise AssertionError(f"Chromium said nothing for {_PATIENCE} s")
            part = os.read(self._answers, 1 << 20)
            if not part:
                raise AssertionError("Chromium has ended")
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        read: dict[str, Any] = json.loads(message)
        return read


@contextlib.contextmanager
def started(program: str, folder: Path) -> Iterator[Browser]:
    """Give a Chromium that keeps its files in *folder*."""
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    words = [
        sys.executable,
        "-c",
        _WIRED,
        str(theirs_in),
        str(theirs_out),
        program,
        *_FLAGS,
        f"--user-data-dir={folder}",
    ]
    with subprocess.Popen(
        words,
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(theirs_in)
        os.close(theirs_out)
        browser = Browser(ours_out, ours_in)
        try:
            yield browser
            browser.send("Browser.close", {})
        finally:
            os.close(ours_out)
            os.close(ours_in)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

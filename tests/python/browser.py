# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, driven through its debugging pipe."""

import base64
import json
import os
import select
import shutil
import subprocess
import time

import pytest


class Browser:
    """One page. Use it as a context manager; `events` holds what the page reported."""

    def __init__(self, profile):
        executable = shutil.which("chromium")
        if executable is None:
            pytest.skip("chromium is not installed (Debian's package chromium)")
        from_test, self._to_browser = os.pipe()
        self._from_browser, from_browser_end = os.pipe()

        def connect():  # the browser reads from 3 and writes to 4
            ends = (os.dup(from_test), os.dup(from_browser_end))
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        self._process = subprocess.Popen(
            [executable, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, close_fds=False,
            preexec_fn=connect)  # fmt: skip
        os.close(from_test)
        os.close(from_browser_end)
        self._buffer = b""
        self._number = 0
        self._session = None
        self.events = []
        targets = self._call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self._call("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(timeout=30)
        os.close(self._to_browser)
        os.close(self._from_browser)

    def open(self, path):
        """Loads a file and waits until it is there."""
        self.events.clear()
        self._call("Page.navigate", url=path.resolve().as_uri())
        self._wait_for("Page.loadEventFired")

    def resize(self, width, height=900):
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=False)  # fmt: skip
        self._call("Emulation.setScrollbarsHidden", hidden=True)

    def emulate(self, scheme="light", media="screen"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._call("Emulation.setEmulatedMedia", media=media, features=features)

    def run(self, expression):
        """The value of a JavaScript expression."""
        reply = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in reply, reply["exceptionDetails"]
        return reply["result"].get("value")

    def press(self, key):
        for kind in ("rawKeyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def screenshot(self, path):
        """The whole page, as long as it is."""
        data = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def complaints(self):
        """Errors and warnings of the console, and exceptions."""
        found = []
        for event in self.events:
            parameters = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(parameters["exceptionDetails"]["text"])
            elif event["method"] == "Log.entryAdded":
                found.append(parameters["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled":
                found.append(str(parameters["args"]))
        return found

    def requests(self):
        """What the page asked for, besides itself and what it carries."""
        asked = [event["params"]["request"]["url"] for event in self.events
                 if event["method"] == "Network.requestWillBeSent"]  # fmt: skip
        return [url for url in asked[1:] if not url.startswith("data:")]

    def _call(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        reply = self._receive(lambda answer: answer.get("id") == self._number)
        assert "error" not in reply, f"{method}: {reply['error']}"
        return reply["result"]

    def _wait_for(self, method):
        if not any(event["method"] == method for event in self.events):
            self._receive(lambda message: message.get("method") == method)

    def _receive(self, wanted, seconds=60):
        end = time.monotonic() + seconds
        while True:
            while b"\0" in self._buffer:
                text, self._buffer = self._buffer.split(b"\0", 1)
                message = json.loads(text)
                if "method" in message:
                    self.events.append(message)
                if wanted(message):
                    return message
            left = end - time.monotonic()
            ready = select.select([self._from_browser], [], [], max(0.0, left))[0]
            assert ready, "the browser does not answer"
            block = os.read(self._from_browser, 1 << 16)
            assert block, "the browser has ended"
            self._buffer += block

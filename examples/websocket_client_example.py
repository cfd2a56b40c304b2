#!/usr/bin/env python3
"""Watches devices over a WebSocket and prints what arrives.

    python3 examples/websocket_client_example.py --device-ids 0848086072,0848086073

Needs Python 3.8 or newer and the `websockets` library, 10 or newer:
    apt install python3-websockets      (Debian, Ubuntu)
    pip install websockets              (elsewhere)

Device messages go to standard output, one a line; all else (pings, losses, closes) goes to standard error. So
`... --raw > messages.ndjson` keeps the messages alone.

It comes back by itself after a close that allows it, and ends after one that does not. Exit codes:
    0   ended as asked: --count reached, Ctrl-C, or the server closed the stream normally (1000)
    1   refused for good: coming back would change nothing (1008, for instance; the line before says why)
    2   the command line is wrong
"""

import argparse
import asyncio
import json
import os
import random
import re
import sys
import time
import urllib.parse

try:
    import websockets
    from websockets.exceptions import ConnectionClosed, InvalidHandshake
except ImportError:
    sys.exit(
        "This example needs the websockets library. For Debian's own python3: apt install python3-websockets; "
        f"for this one: {sys.executable} -m pip install websockets"
    )

STREAM_PATH = "/api/v1/stream"

# What each close code means, and whether to come back. Codes that are not here: come back.
CLOSE_CODES = {
    1000: (False, "the stream is over"),
    1001: (True, "the server is restarting"),
    1002: (False, "the server found our frames bad"),
    1003: (False, "the server does not take what we sent"),
    1006: (True, "the connection broke, or was never made"),
    1007: (False, "the server found our text bad"),
    1008: (False, "the server refuses this request: check the device ids and the token"),
    1009: (False, "a frame was too big"),
    1011: (True, "the server failed in this session"),
    1013: (True, "the server asks to try later"),
}

# The server sends a ping at every period, so nothing at all for two and a half means that the connection is dead.
PERIODS_BEFORE_GIVING_UP = 2.5


class Ending:
    """How one connection ended: a close code, its reason, and the seconds after which the server wants us back."""

    def __init__(self, code, reason="", retry_after=None):
        self.code = code
        self.reason = reason
        self.retry_after = retry_after


class Watcher:
    def __init__(self, options):
        self.options = options
        self.url = stream_url(options)
        self.messages = 0  # device messages seen, over all connections
        self.failures = 0  # connections in a row that brought nothing
        self.retry_after = None  # what the last `draining` event asked for, in seconds

    async def run(self):
        """Connects, and comes back for as long as that makes sense. Returns the exit code."""
        while True:
            ending = await self.connect_once()
            if ending is None:  # --count reached
                return 0
            come_back, meaning = CLOSE_CODES.get(ending.code, (True, "the connection ended"))
            tell("closed", f"{ending.code} {printable(ending.reason)}".rstrip() + f": {meaning}")
            if not come_back:
                return 0 if ending.code == 1000 else 1
            delay = ending.retry_after
            if delay is None:
                delay = growing_delay(self.failures)
            self.failures += 1
            tell("waiting", f"connecting again in {delay:.1f} s")
            await asyncio.sleep(delay)

    async def connect_once(self):
        """One connection, from its opening to its end. Returns None when --count messages were seen."""
        self.retry_after = None
        # The token travels as a sub-protocol: unlike a query parameter, it then reaches no log.
        subprotocols = ["bearer", self.options.token] if self.options.token else None
        try:
            # The server pings and we watch for that, so the library's own pings are not needed (ping_interval).
            socket = await websockets.connect(
                self.url, subprotocols=subprotocols, ping_interval=None, close_timeout=2, max_size=None
            )
        except asyncio.TimeoutError:
            return Ending(1006, "no answer in time")
        except InvalidHandshake as error:
            return refused_before_upgrade(error)
        except (OSError, EOFError) as error:
            return Ending(1006, f"can't connect: {error}")

        tell("open", f"watching {', '.join(self.options.device_ids)}")
        patience = self.options.keepalive * PERIODS_BEFORE_GIVING_UP
        try:
            while self.options.count is None or self.messages < self.options.count:
                self.print_frame(await asyncio.wait_for(socket.recv(), patience))
            return None
        except asyncio.TimeoutError:
            return Ending(1006, f"nothing arrived for {patience:g} s, not even a ping")
        except ConnectionClosed as error:
            close = error.rcvd or error.sent  # None when the connection broke without a closing word
            if close is None:
                return Ending(1006)
            return Ending(close.code, close.reason, self.retry_after if close.code == 1001 else None)
        finally:
            await socket.close()

    def print_frame(self, frame):
        try:
            event = json.loads(frame)
            kind, data = event["event"], event["data"]
        except (ValueError, KeyError, TypeError):
            kind, data = None, None
        if not isinstance(data, dict):
            tell("ignored", "a frame that is no event")
            return

        if kind in ("message", "snapshot"):
            self.failures = 0
            self.messages += 1
            print(printable(frame if self.options.raw else summary(kind, data)), flush=True)
        elif kind == "ping":
            self.failures = 0
            tell("ping", data.get("type", ""))
        elif kind == "dropped":
            count = data.get("count")
            lost = "an unknown number of" if count is None else count
            tell("dropped", f"{lost} messages of {data.get('device_id')}: we read too slowly")
        elif kind == "draining":
            retry_after_ms = data.get("retry_after_ms")
            if isinstance(retry_after_ms, (int, float)) and retry_after_ms >= 0:
                self.retry_after = retry_after_ms / 1000
            tell("draining", f"the server is about to restart, and wants us back in {retry_after_ms} ms")
        elif kind == "error":
            tell("error", data.get("message", ""))
        # Any other event is newer than this program: ignored, so that the server may add some.


def summary(kind, payload):
    """One line about a device message. Fleets name their fields differently; see section 1.1 of the protocol."""
    data = payload.get("data")
    data = data if isinstance(data, dict) else {}

    def first(*names):
        return next((data[name] for name in names if data.get(name) not in (None, "")), "?")

    latitude = first("LAT", "LATITUD", "LATITUDE")
    longitude = first("LON", "LONGITUD", "LONGITUDE")
    when = data.get("GPS_DATETIME") or payload.get("timestamp") or "no time"
    return f"{kind:<9} {first('DEVICE_ID')}  at {latitude},{longitude}  speed {first('SPEED')}  ({when})"


def printable(value):
    """Text that is safe to print: what a stranger sent must not steer the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in str(value))


def tell(what, text):
    print(f"{time.strftime('%H:%M:%S')} {what:<9} {printable(text)}", file=sys.stderr, flush=True)


def growing_delay(failures):
    """1, 2, 4 ... 30 seconds, half of it random, so that a thousand clients don't all come back at once."""
    return min(30, 2 ** min(failures, 5)) * random.uniform(0.5, 1)


def refused_before_upgrade(error):
    """The server answered with an HTTP status rather than open a WebSocket."""
    answer = getattr(error, "response", error)  # from websockets 13 on in `response`, before in the error itself
    status = getattr(answer, "status_code", None)
    if status is None:
        return Ending(1006, str(error))
    if 400 <= status < 500 and status not in (408, 425, 429):
        return Ending(1008, f"HTTP {status}")
    retry_after = (getattr(answer, "headers", None) or {}).get("Retry-After", "")
    return Ending(1013, f"HTTP {status}", int(retry_after) if retry_after.isdigit() else None)


def stream_url(options):
    query = {"device_ids": ",".join(options.device_ids)}
    if options.snapshot:
        query["snapshot"] = "true"
    return options.url.rstrip("/") + STREAM_PATH + "?" + urllib.parse.urlencode(query)


def read_options():
    def ids(text):
        return [part.strip() for part in text.split(",") if part.strip()]

    def server(text):
        parts = urllib.parse.urlsplit(text)
        if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.query or parts.fragment:
            raise argparse.ArgumentTypeError(f"{text!r} is not a WebSocket URL such as ws://localhost:8000")
        parts.port  # raises ValueError where it is no number
        return text

    def above_zero(number):
        def read(text):
            value = number(text)
            if not value > 0:
                raise argparse.ArgumentTypeError(f"{text} is not above 0")
            return value

        return read

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--device-ids", required=True, type=ids, help="devices to watch, separated by commas")
    parser.add_argument("--url", default="ws://localhost:8000", type=server, help="the server (default: %(default)s)")
    def access_token(value):
        if not re.fullmatch(r"[\w.~+/=-]+", value):
            raise argparse.ArgumentTypeError("expected the token alone, without 'Bearer' and without spaces")
        return value

    parser.add_argument("--token", type=access_token, help="an access token, where the server asks for one")
    parser.add_argument("--snapshot", action="store_true", help="begin with each device's last known message")
    parser.add_argument("--count", type=above_zero(int), metavar="N", help="end after N device messages")
    parser.add_argument("--raw", action="store_true", help="print whole frames, as they came, one a line")
    parser.add_argument(
        "--keepalive",
        default=25,
        type=above_zero(float),
        metavar="SECONDS",
        help="how often the server pings, its WEBSOCKET_KEEPALIVE_SECS (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(Watcher(read_options()).run()))
    except KeyboardInterrupt:
        tell("stopped", "Ctrl-C")
    except BrokenPipeError:
        # Whoever read our output, `head` for instance, has left. Nothing more can be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

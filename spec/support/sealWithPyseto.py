"""Seals share tokens as the Python issuer does, for spec/fixtures/paseto/pyseto.json.

    pip install pyseto
    python spec/support/sealWithPyseto.py > spec/fixtures/paseto/pyseto.json

Prints {"key": base64, "tokens": {name: {"claims": {...}, "token": "v4.local..."}}}. With `--fresh SECONDS` it prints
one token alone, for the key in PASETO_SECRET_KEY, which is good for that long from now.
"""

import base64
import json
import os
import sys
import uuid
from datetime import datetime, timedelta, timezone

import pyseto
from pyseto import Key

SCOPE = "public-location-share"


def claims(issued, expires, **more):
    return {
        "share_id": str(uuid.UUID("6b1f7b3e-6f0e-4f5a-9a52-0d1c9a2f4d10")),
        "unit_id": str(uuid.UUID("0e2d6c1a-7a44-4f1c-8f0e-3b9f2f6f7a21")),
        "device_id": "867564050638581",
        "scope": SCOPE,
        "iat": issued.isoformat(),
        "exp": expires.isoformat(),
        **more,
    }


def seal(key, payload):
    return pyseto.encode(key, payload, serializer=json).decode()


def main():
    secret = os.environ.get("PASETO_SECRET_KEY") or base64.b64encode(bytes(range(32))).decode()
    key = Key.new(version=4, purpose="local", key=base64.b64decode(secret))
    if sys.argv[1:2] == ["--fresh"]:
        now = datetime.now(timezone.utc)
        fresh = claims(now, now + timedelta(seconds=float(sys.argv[2])))
        print(seal(key, {**fresh, "share_id": str(uuid.uuid4())}))
        return
    issued = datetime(2025, 12, 3, 15, 0, 0, 123456, tzinfo=timezone.utc)
    whole = datetime(2025, 12, 3, 15, 0, 0, tzinfo=timezone.utc)
    mexico = timezone(timedelta(hours=-6))
    cases = {
        "issuer": claims(issued, issued + timedelta(minutes=30)),
        "wholeSeconds": claims(whole, whole + timedelta(minutes=30)),
        "farAway": claims(issued, datetime.max.replace(tzinfo=timezone.utc)),
        "localOffset": claims(issued.astimezone(mexico), (issued + timedelta(minutes=30)).astimezone(mexico)),
        "otherScope": {**claims(issued, issued + timedelta(minutes=30)), "scope": "password-reset"},
    }
    tokens = {name: {"claims": payload, "token": seal(key, payload)} for name, payload in cases.items()}
    json.dump({"key": secret, "tokens": tokens}, sys.stdout, indent=2)
    print()


main()

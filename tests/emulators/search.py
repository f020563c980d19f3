"""Looks for secrets in every file below some folders, in every form they could have taken.

    search.py FOLDER…  < SECRETS.json    a list of texts; prints a JSON list of what was found

The secrets themselves are not printed, only their place in the list.
"""

import base64
import json
import os
import sys
import urllib.parse
import xml.sax.saxutils


def base64_forms(secret):
    """What base64 makes of it wherever it begins in a longer text."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)
        # Only the digits that depend on nothing but the secret.
        text = text[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        yield text
        yield text.translate(bytes.maketrans(b"+/", b"-_"))


def forms(text):
    secret = text.encode()
    yield "as it is", secret
    yield "in UTF-16", text.encode("utf-16-le")
    yield "reversed", secret[::-1]
    yield "as JSON", json.dumps(text, ensure_ascii=False)[1:-1].encode()
    yield "as JSON in ASCII", json.dumps(text)[1:-1].encode()
    yield "as JSON in JSON", json.dumps(json.dumps(text, ensure_ascii=False))[1:-1].encode()
    yield "as a byte string", "".join(
        chr(b) if 32 <= b < 127 and b not in b"\"\\'" else f"\\x{b:02x}" for b in secret
    ).encode()
    yield "as XML", xml.sax.saxutils.escape(text, {'"': "&quot;"}).encode()
    yield "as XML", xml.sax.saxutils.escape(text).encode()
    for quote in (urllib.parse.quote, urllib.parse.quote_plus):
        escaped = quote(text, safe="")
        yield "in a URL", escaped.encode()
        yield "in a URL", "".join(
            part if i == 0 else "%" + part[:2].lower() + part[2:]
            for i, part in enumerate(escaped.split("%"))
        ).encode()
    yield "in hex", secret.hex().encode()
    yield "in hex", secret.hex().upper().encode()
    for separator in (", ", ",", " ", ",\n"):
        yield "as numbers", separator.join(str(b) for b in secret).encode()
    for form in base64_forms(secret):
        yield "in base64", form


def main(folders):
    secrets = json.load(sys.stdin)
    found = []
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(place, name)
                with open(path, "rb") as file:
                    content = file.read()
                for number, secret in enumerate(secrets):
                    seen = sorted({form for form, text in forms(secret) if text in content})
                    found += [f"secret {number} in {path}, {form}" for form in seen]
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])

"""Forms written by hand: what a browser would never send, and what it would."""

import base64
import datetime
import hashlib
import hmac
import json

import requests

BOUNDARY = "----form-boundary-7MA4YWxkTrZu0gW"


def part(name, value, file_name=None, content_type=None):
    """One part of a form."""
    value = value.encode() if isinstance(value, str) else value
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if file_name is not None:
        disposition += f'; filename="{file_name}"'
    if content_type is not None:
        disposition += f"\r\nContent-Type: {content_type}"
    return b"\r\n".join([f"--{BOUNDARY}".encode(), disposition.encode(), b"", value])


def body(fields, file=None, after=()):
    """A form's bytes: pairs, so that a field may stand twice, then the file, then what should not be there."""
    parts = [part(name, value) for name, value in fields]
    if file is not None:
        parts.append(part("file", file, "image.jpg", "image/jpeg"))
    parts += [part(name, value) for name, value in after]
    return b"\r\n".join([*parts, f"--{BOUNDARY}--".encode(), b""])


def send(url, form, headers=None):
    """Posts a form's bytes."""
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return requests.post(url, data=form, headers=kind | (headers or {}), timeout=30)


def sign(server, key, conditions, expires_in=900, signed_at=None, expiration=None, policy=None, **changed):
    """Fields of a signed form as AWS describes them, so that everything about them can be made wrong."""
    access_key, secret = server.ready["access_key_id"], server.ready["secret_access_key"]
    signed_at = signed_at or datetime.datetime.now(datetime.UTC)
    day, date = signed_at.strftime("%Y%m%d"), signed_at.strftime("%Y%m%dT%H%M%SZ")
    credential = f"{access_key}/{day}/{server.ready['region']}/s3/aws4_request"
    ends = signed_at + datetime.timedelta(seconds=expires_in)
    signing = {"x-amz-algorithm": "AWS4-HMAC-SHA256", "x-amz-credential": credential, "x-amz-date": date}
    if policy is None:
        policy = {
            "expiration": expiration or ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "conditions": [*conditions, *({name: value} for name, value in signing.items())],
        }
    policy = policy if isinstance(policy, bytes) else json.dumps(policy).encode()
    encoded = base64.b64encode(policy).decode()
    signature = f"AWS4{secret}".encode()
    for text in (day, server.ready["region"], "s3", "aws4_request", encoded):
        signature = hmac.digest(signature, text.encode(), hashlib.sha256)
    return {"key": key, **signing, "policy": encoded, "x-amz-signature": signature.hex()} | changed

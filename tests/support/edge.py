"""A CloudFront distribution on loopback: what stands before a bucket that nothing else may read.

It judges signatures by `cryptography`, so by another implementation than the one that signed, and reads the bucket with
signed requests of its own, as Origin Access Control does. Its clock can be set."""

import base64
import collections
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote
from xml.sax.saxutils import escape

import botocore.exceptions
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from support import s3

PARAMETERS = ("Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm")
# The distribution's response headers policy, and what its function says of what is found.
HEADERS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
KEPT = {"Cache-Control": "private, max-age=900, immutable"}
CachedObject = collections.namedtuple("CachedObject", "content kind etag")


class Refused(Exception):
    """An answer that says no."""

    def __init__(self, code, message="Access denied", status=403):
        super().__init__(code)
        self.code, self.message, self.status = code, message, status


class Edge:
    """The distribution. `keys` is its key group, `reads` counts what it asked of the bucket, by key."""

    def __init__(self):
        self.keys = {}
        self.reads = collections.Counter()
        self.cached = {}
        self.server = None
        self.now = time.time
        edge = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self):
                edge.answer(self)

            do_HEAD = do_PUT = do_POST = do_DELETE = do_OPTIONS = do_PATCH = do_GET

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()

    def trust(self, key_id, public_key):
        """Puts a key into the group, which has room for an old one and a new one."""
        self.keys[key_id] = public_key
        assert len(self.keys) <= 2

    def stand_before(self, server):
        """Names the bucket, and the site whose pages may read the answers."""
        self.server = server
        self.bucket = s3.client(server)

    # What it does with a request.

    def answer(self, request):
        try:
            found = self.judge_and_read(request)
        except Refused as refused:
            error = f"<Error><Code>{refused.code}</Code><Message>{escape(refused.message)}</Message></Error>"
            body = b'<?xml version="1.0" encoding="UTF-8"?>' + error.encode()
            return self.send(request, refused.status, {"Content-Type": "text/xml"}, body)
        if request.headers.get("If-None-Match") == found.etag:
            return self.send(request, 304, {"ETag": found.etag}, b"")
        return self.send(request, 200, {"Content-Type": found.kind, "ETag": found.etag}, found.content)

    def send(self, request, status, headers, body):
        request.send_response(status)
        if status < 400:
            headers = headers | KEPT
        # The bucket's CORS, as S3 answers: nothing of it, Vary neither, without an Origin.
        if "Origin" in request.headers:
            headers = headers | {"Vary": "Origin"}
            if request.headers["Origin"] == self.server.api:
                headers = headers | {"Access-Control-Allow-Origin": self.server.api}
        for name, value in (HEADERS | headers | {"Content-Length": str(len(body))}).items():
            request.send_header(name, value)
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(body)

    def judge_and_read(self, request):
        if request.command not in ("GET", "HEAD"):
            raise Refused("MethodNotAllowed", "This distribution is not configured to allow the HTTP request method")
        if f"http://{request.headers.get('Host')}" != self.url:
            raise Refused("BadRequest", "The Host is not this distribution's", 421)
        path, _, query = request.path.partition("?")
        given, others = {}, []
        for pair in filter(None, query.split("&")):
            name, _, value = pair.partition("=")
            if name not in PARAMETERS:
                others.append(pair)
            elif name in given:
                raise Refused("InvalidQueryString", f"{name} is given twice")
            else:
                given[name] = value
        self.judge(self.url + path + ("?" + "&".join(others) if others else ""), given)
        return self.read(unquote(path).removeprefix("/"))

    def judge(self, url, given):
        if not given.get("Key-Pair-Id"):
            raise Refused("MissingKey", "Missing Key-Pair-Id query parameter or cookie value")
        if given["Key-Pair-Id"] not in self.keys:
            raise Refused("InvalidKey", "Unknown Key")
        if "Policy" in given:
            # Nothing of ours signs custom policies; `tests/sign` holds them against botocore.
            raise Refused("MalformedPolicy", "Malformed Policy")
        if not given.get("Expires", "").isdecimal():
            raise Refused("MissingPolicy", "Missing Policy or Expires query parameter or cookie value")
        try:
            signature = base64.b64decode(given["Signature"].translate(str.maketrans("-_~", "+=/")), validate=True)
        except (KeyError, ValueError) as error:
            raise Refused("MalformedSignature", "Could not unencode Signature") from error
        condition = {"DateLessThan": {"AWS:EpochTime": int(given["Expires"])}}
        policy = json.dumps({"Statement": [{"Resource": url, "Condition": condition}]}, separators=(",", ":")).encode()
        algorithm = hashes.SHA256() if given.get("Hash-Algorithm") == "SHA256" else hashes.SHA1()
        key = self.keys[given["Key-Pair-Id"]]
        scheme = (ec.ECDSA(algorithm),) if isinstance(key, ec.EllipticCurvePublicKey) else (padding.PKCS1v15(), algorithm)
        try:
            key.verify(signature, policy, *scheme)
        except InvalidSignature as error:
            raise Refused("AccessDenied") from error
        if self.now() >= int(given["Expires"]):
            raise Refused("AccessDenied")

    def read(self, key):
        """The object, from the cache where it is there: neither the signature nor any query is part of its name."""
        if key not in self.cached:
            self.reads[key] += 1
            try:
                found = self.bucket.get_object(Bucket=self.server.bucket, Key=key)
            except (botocore.exceptions.ClientError, botocore.exceptions.ParamValidationError) as error:
                # So S3 answers whoever may read objects and not list them.
                raise Refused("AccessDenied") from error
            self.cached[key] = CachedObject(found["Body"].read(), found["ContentType"], found["ETag"])
        return self.cached[key]

"""Somebody who calls the API."""

import contextlib
import datetime
import hashlib
import http.client
import itertools
import os
import socket
import time
from urllib.parse import quote, urlsplit

import requests

_numbers = itertools.count(1)
_run = os.urandom(3).hex()


def unique(word):
    """A word that no other test of this run uses."""
    return f"{word}-{_run}-{next(_numbers)}"


def segment(marker, body):
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


# The smallest grey JPEG: 8 x 8 pixels, each table with one entry (ITU T.81).
GREY = b"".join((
    b"\xff\xd8",
    segment(0xDB, b"\0" + b"\x10" * 64),
    segment(0xC0, b"\x08\0\x08\0\x08\x01\x01\x11\0"),
    segment(0xC4, b"\x00\x01" + b"\0" * 16),
    segment(0xC4, b"\x10\x01" + b"\0" * 16),
    segment(0xDA, b"\x01\x01\x00\x00\x3f\x00"),
    b"\x3f\xff\xd9",
))


def photo_bytes(seed, size=2_000):
    """A JPEG with bytes behind its end, as some cameras write them, that are the same for the same seed. One that is
    too short for a picture only begins as one does."""
    filler = hashlib.shake_256(str(seed).encode()).digest(size)
    picture = GREY if size > len(GREY) else GREY[:4]
    return picture + filler[len(picture):]


def path_segment(text):
    """Any text as one segment of a path."""
    return quote(text, safe="")


def time_of(text):
    """A time of the API: RFC 3339 in UTC."""
    assert text.endswith("Z"), text
    return datetime.datetime.fromisoformat(text)


def without_signatures(item):
    """A photo or a job of which nothing changes by itself: signed URLs are others with each window."""
    return {name: value.split("?")[0] if value and name.endswith("url") else value for name, value in item.items()}


def wait_until(true, seconds=30):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    assert true()


def within_one_window(seconds=15, window=900):
    """Waits, if the next signing window is nearer than these seconds, until it has begun."""
    left = window - time.time() % window
    if left < seconds:
        time.sleep(left + 0.1)


class Caller:
    """An application key and perhaps a token, as headers of every request."""

    def __init__(self, server, key=None, token=None):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.headers = {}
        if key:
            self.headers["x-api-key"] = key
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def call(self, method, path, headers=None, **rest):
        headers = self.headers | (headers or {})
        return self.session.request(
            method, self.server.api + path, headers=headers, timeout=30, allow_redirects=False, **rest
        )

    def get(self, path, **rest):
        return self.call("GET", path, **rest)

    def post(self, path, json=None, **rest):
        return self.call("POST", path, json=json, **rest)

    def patch(self, path, json=None, **rest):
        return self.call("PATCH", path, json=json, **rest)

    def delete(self, path, **rest):
        return self.call("DELETE", path, **rest)

    def good(self, method, path, **rest):
        """A call that must succeed; gives its JSON."""
        answer = self.call(method, path, **rest)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    # What most tests need.

    def new_customer(self, name=None, **fields):
        return self.good("POST", "/customers", json={"name": name or unique("Customer"), **fields})["customer_id"]

    def new_job(self, customer_id=None, **fields):
        wish = {"customer_id": customer_id or self.new_customer(), "title": unique("Job"), **fields}
        return self.good("POST", "/jobs", json=wish)["job_id"]

    def new_link(self, job_id, role="customer", **fields):
        return self.good("POST", f"/jobs/{job_id}/links", json={"role": role, **fields})

    def grant(self, job_id, photo_name="image.jpg", **fields):
        return self.good("POST", "/upload-url", json={"job_id": job_id, "photo_name": photo_name, **fields})

    def upload(self, job_id, photo_name="image.jpg", body=None, **fields):
        """Uploads a photo by form, and gives its grant."""
        grant = self.grant(job_id, photo_name, **fields)
        answer = send_form(grant, photo_bytes(photo_name) if body is None else body)
        assert answer.status_code == 201, f"{answer.status_code} {answer.text[:500]}"
        return grant

    def settled(self, job_id):
        """The photos of a job once the processor is through with them."""
        until = time.monotonic() + 60
        while True:
            photos = self.photos(job_id, limit=1_000)
            if all(photo["status"] != "processing" for photo in photos):
                return photos
            assert time.monotonic() < until, photos
            time.sleep(0.05)

    def photos(self, job_id, **query):
        return self.good("GET", "/list_photos", params={"job_id": job_id, **query})["photos"]


def staff(server):
    """Staff as the dashboard calls: the pages' key and a staff token."""
    return Caller(server, server.application_key, server.tokens["staff"])


def send_form(grant, body, file_name="image.jpg", **rest):
    """Submits a form as the README's plain client does."""
    return requests.post(grant["url"], data=grant["fields"], files={"file": (file_name, body)}, timeout=30, **rest)


def send_put(grant, body, headers=None):
    """Sends a PUT with exactly the headers of the grant, or with others."""
    return requests.put(grant["url"], data=body, headers=grant["headers"] if headers is None else headers, timeout=30)


def raw(origin, request, half_close=False):
    """Sends bytes as they are, and gives all that comes back until the server closes or is silent."""
    parts = urlsplit(origin)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        # A server that has heard enough may close before all is sent; what it said can still be read.
        with contextlib.suppress(OSError):
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
        connection.settimeout(3)
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received


class RawAnswer:
    """An answer to a request written by hand."""

    def __init__(self, response):
        self.status_code = response.status
        self.headers = requests.structures.CaseInsensitiveDict(response.getheaders())
        self.content = response.read()

    @property
    def text(self):
        return self.content.decode("utf-8", "replace")

    def json(self):
        return requests.models.complexjson.loads(self.content)


def unnormalised(origin, method, target, headers=None, body=None):
    """Asks for a target exactly as written: no client tidies the path or the headers. All may be bytes."""
    parts = urlsplit(origin)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    target = target.encode() if isinstance(target, str) else target
    headers = dict(headers or {})
    host = headers.pop("Host", parts.netloc)
    head = [method.encode() + b" " + target + b" HTTP/1.1"]
    if host is not None:
        head.append(b"Host: " + as_bytes(host))
    head += [as_bytes(name) + b": " + as_bytes(value) for name, value in headers.items()]
    if body is not None:
        head.append(b"Content-Length: %d" % len(body))
    head.append(b"Connection: close")
    try:
        connection.connect()
        connection.sock.sendall(b"\r\n".join(head) + b"\r\n\r\n" + (body or b""))
        response = http.client.HTTPResponse(connection.sock, method=method)
        response.begin()
        return RawAnswer(response)
    finally:
        connection.close()


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()

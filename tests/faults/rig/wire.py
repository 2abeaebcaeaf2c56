"""HTTP without ceremony: fast enough to upload hundreds of photos a second, and plain enough to stop half-way."""

import http.client
import json
import socket
from urllib.parse import urlsplit

BOUNDARY = "----qdn-faults-6b1f0d5c9e3a"
# What a call raises when the server is gone.
BROKEN = (OSError, http.client.HTTPException)


class Wire:
    """One kept-alive connection to an origin."""

    def __init__(self, origin, timeout=20):
        self.origin = origin
        parts = urlsplit(origin)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def ask(self, method, target, body=None, headers=None):
        """Gives the status and the whole body. A path, or an address of this origin."""
        if target.startswith(self.origin):
            target = target[len(self.origin):]
        try:
            self.connection.request(method, target, body, headers or {})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except BROKEN:
            self.connection.close()
            raise

    def submit(self, grant, photo):
        """Submits a form."""
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", grant["url"], form(grant["fields"], photo), {"Content-Type": kind})


def form(fields, photo):
    """The bytes of a form: its fields, then the file."""
    start, end = form_ends(fields)
    return start + photo + end


def form_ends(fields):
    """What stands before and after the file in a form."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="image.jpg"\r\n')
    parts.append("Content-Type: image/jpeg\r\n\r\n")
    return "".join(parts).encode(), f"\r\n--{BOUNDARY}--\r\n".encode()


def form_head(grant, length):
    """A form request up to its body."""
    parts = urlsplit(grant["url"])
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


def dial(origin, timeout=20):
    """A bare connection."""
    parts = urlsplit(origin)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def read_to_close(connection):
    """All that comes until the server closes."""
    received = b""
    try:
        while chunk := connection.recv(65_536):
            received += chunk
    except ConnectionResetError:
        pass
    return received


def as_json(body):
    return json.loads(body) if body else None

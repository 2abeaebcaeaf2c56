"""What API Gateway does between a client and a function with Lambda proxy integration, on loopback.

Source: AWS, "Lambda proxy integrations in API Gateway". Routes are those of openapi.json; any other address goes to the
function too, so that its own refusals can be seen.
"""

import base64
import http.server
import re
import threading
from urllib.parse import parse_qsl


def pattern(route):
    """A route's path as a pattern."""
    parts = [r"[^/]+" if part.startswith("{") else re.escape(part) for part in route.split("/")]
    return re.compile("/".join(parts) + "/?$")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        result = self.server.invoke(self.event(self.rfile.read(length)))
        body = result.get("body") or ""
        body = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
        self.send_response(result["statusCode"])
        for name, values in (result.get("multiValueHeaders") or {}).items():
            for value in values:
                if name != "content-length":
                    self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def __getattr__(self, name):
        # Any method there is.
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def event(self, body):
        # `self.path` has lost slashes at its beginning.
        path, _, query_string = self.requestline.split(" ")[1].partition("?")
        many = {}
        for name, value in self.headers.items():
            many.setdefault(name, []).append(value)
        query = {}
        for name, value in parse_qsl(query_string, keep_blank_values=True, errors="surrogateescape"):
            query.setdefault(tidy(name), []).append(tidy(value))
        route = next((route for route, known in self.server.routes if known.match(path)), "/{proxy+}")
        return {
            "resource": route, "path": path, "httpMethod": self.command,
            "headers": last(many), "multiValueHeaders": many,
            "queryStringParameters": last(query) or None, "multiValueQueryStringParameters": query or None,
            "pathParameters": None, "stageVariables": None,
            "requestContext": {
                "resourcePath": route, "path": f"/test{path}", "stage": "test",
                "identity": {"sourceIp": self.client_address[0]},
            },
            # As with the binary media type */*: every body.
            "body": base64.b64encode(body).decode() if body else None, "isBase64Encoded": bool(body),
        }

    def log_message(self, *_):
        pass


def last(many):
    return {name: values[-1] for name, values in many.items()}


def tidy(text):
    """Bytes that are no UTF-8 arrive as the sign for such."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


class Gateway:
    """Listens, and hands every request to `invoke`."""

    def __init__(self, invoke, routes):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.invoke = invoke
        # Those without parameters first: they are the more exact ones.
        self.server.routes = [(route, pattern(route)) for route in sorted(routes, key=lambda route: route.count("{"))]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

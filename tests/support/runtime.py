"""Lambda's Runtime API on loopback, and a function behind it.

Source: AWS, "Using the Lambda runtime API for custom runtimes". A function asks for the next event, works on it alone, and
answers under the event's id.
"""

import http.server
import json
import os
import queue
import subprocess
import threading
import time
import uuid

INVOCATION = "/2018-06-01/runtime/invocation/"
INIT_ERROR = "/2018-06-01/runtime/init/error"


class FunctionError(Exception):
    """The function says that it failed."""


class Invocation:
    """An event on its way through the function."""

    def __init__(self, event, seconds):
        self.request_id = str(uuid.uuid4())
        self.event = json.dumps(event).encode()
        self.deadline_ms = int((time.time() + seconds) * 1000)
        self.answer = queue.Queue(1)


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """One function's end of it. `function` is an attribute of the server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        assert self.path == INVOCATION + "next", self.path
        invocation = self.server.function.events.get()
        if invocation is None:
            # The environment ends.
            self.close_connection = True
            return
        self.server.function.running[invocation.request_id] = invocation
        self.reply(200, invocation.event, {
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:qdn",
        })

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])) if "Content-Length" in self.headers else self.chunks()
        if self.path == INIT_ERROR:
            self.server.function.init_error = body.decode()
        else:
            request_id, kind = self.path.removeprefix(INVOCATION).split("/")
            self.server.function.running.pop(request_id).answer.put((kind, json.loads(body)))
        self.reply(202, b"{}", {})

    def chunks(self):
        """A body in chunks (RFC 9112, section 7.1)."""
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def reply(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Function:
    """A function's program, as Lambda runs it: an environment, and one event at a time."""

    def __init__(self, program, log_path, variables, seconds=30):
        self.events = queue.Queue()
        self.running = {}
        self.init_error = None
        self.seconds = seconds
        self.turn = threading.Lock()
        self.log_path = log_path
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), RuntimeApi)
        self.api.daemon_threads = True
        self.api.function = self
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        given = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.api.server_address[1]}",
            "AWS_LAMBDA_FUNCTION_NAME": os.path.basename(program),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "RUST_BACKTRACE": "1",
            "PATH": os.environ["PATH"],
        }
        with log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [program], env=given | variables, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def invoke(self, event):
        """Hands the function an event, and gives what it answers."""
        invocation = Invocation(event, self.seconds)
        with self.turn:
            self.events.put(invocation)
            until = time.monotonic() + self.seconds + 5
            while True:
                try:
                    kind, answer = invocation.answer.get(timeout=0.5)
                    break
                except queue.Empty:
                    assert self.process.poll() is None, f"the function ended early; it said: {self.log()[-3000:]}"
                    assert time.monotonic() < until, f"the function does not answer; it said: {self.log()[-3000:]}"
        if kind == "error":
            raise FunctionError(answer["errorMessage"])
        return answer

    def log(self):
        return self.log_path.read_text(errors="replace")

    def stop(self):
        """Ends the environment, as Lambda does: without a word."""
        self.process.kill()
        self.process.wait()
        self.events.put(None)
        self.api.shutdown()
        self.api.server_close()

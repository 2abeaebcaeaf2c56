"""Clients that take their time, at the program's own limits, and many clients at once."""

import statistics
import threading
import time

from rig.program import Program
from rig.wire import dial, form_ends, form_head, read_to_close
from rig.witness import Office, findings

# The defaults of the listener, in seconds, and what a loaded machine may add.
HEADER_SECONDS = 10
BODY_SECONDS = 30
SLACK_SECONDS = 6
EACH = 50


class SlowClient(threading.Thread):
    """Sends a start at once, then a byte every half second, until the server has enough of it."""

    def __init__(self, origin, start):
        super().__init__(daemon=True)
        self.origin = origin
        self.start_bytes = start
        self.seconds = None
        self.answer = b""

    def run(self):
        with dial(self.origin, timeout=0.5) as connection:
            begun = time.monotonic()
            connection.sendall(self.start_bytes)
            while time.monotonic() - begun < BODY_SECONDS + 3 * SLACK_SECONDS:
                try:
                    connection.sendall(b"a")
                    while chunk := connection.recv(4_096):
                        self.answer += chunk
                except TimeoutError:
                    continue
                except OSError:
                    pass
                self.seconds = time.monotonic() - begun
                return


def slow_clients(program, grants):
    """Slow heads and slow bodies on both ports; gives them by kind."""
    api_body = (
        f"POST /upload-url HTTP/1.1\r\nHost: qdn\r\nx-api-key: {program.application_key}\r\n"
        f"Authorization: Bearer {program.tokens['staff']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 900\r\n\r\n{"
    ).encode()
    head = b"GET /healthz HTTP/1.1\r\nHost: qdn\r\nX-Slow: "
    return {
        "API head": [SlowClient(program.api, head) for _ in range(EACH)],
        "store head": [SlowClient(program.store, head) for _ in range(EACH)],
        "API body": [SlowClient(program.api, api_body) for _ in range(EACH)],
        "store body": [
            SlowClient(program.store, form_head(grant, 1_000_000) + form_ends(grant["fields"])[0]) for grant in grants
        ],
    }


def serve_others(program, witness, job_id, kinds):
    """Uploads and lists while the slow ones are there; gives how long each took."""
    took = []
    while any(client.is_alive() for clients in kinds.values() for client in clients):
        begun = time.monotonic()
        witness.upload_some(program, job_id, 1, 30_000)
        with Office(program) as office:
            office.good("GET", f"/list_photos?job_id={job_id}&limit=5")
        took.append(time.monotonic() - begun)
        time.sleep(0.2)
    return took


def test_slow_heads_and_bodies_are_cut_on_both_ports_while_others_are_served(program, witness):
    with Office(program) as office:
        job_id = witness.new_job(office)
        # As many as the store takes at once: if these held on to their places, nobody else would get one.
        grants = [photo.grant for photo in witness.grants(office, job_id, EACH)]
    kinds = slow_clients(program, grants)
    for clients in kinds.values():
        for client in clients:
            client.start()
    took = serve_others(program, witness, job_id, kinds)
    for kind, clients in kinds.items():
        limit = HEADER_SECONDS if "head" in kind else BODY_SECONDS
        seconds = [client.seconds for client in clients]
        assert None not in seconds, f"{kind}: {seconds.count(None)} of {EACH} were never cut"
        assert limit - 1 <= min(seconds) <= max(seconds) <= limit + SLACK_SECONDS, f"{kind}: {sorted(seconds)}"
        print(f"{kind}: {EACH} cut after {min(seconds):.1f} to {max(seconds):.1f} s")
        if "body" in kind:
            answers = {client.answer[:12] for client in clients}
            assert answers == {b"HTTP/1.1 408"}, f"{kind}: {answers}"
    assert len(took) > 20
    assert statistics.median(took) < 1, "others waited too long"
    assert max(took) < 5, "somebody else waited too long"
    assert findings(program, witness) == []


MEMORY_UPLOAD_BYTES = 20 << 20


def memory_of_uploads(folder, witness, at_once, count):
    """The most memory the program ever used for `count` uploads, so many at once."""
    with Program(folder) as program:
        with Office(program) as office:
            job_id = witness.new_job(office)
            grants = [photo.grant for photo in witness.grants(office, job_id, count, MEMORY_UPLOAD_BYTES)]
        body = memoryview(bytes(1 << 20))
        turns, refused = iter(grants), []
        lock = threading.Lock()

        def upload():
            while True:
                with lock:
                    grant = next(turns, None)
                if grant is None:
                    return
                start, end = form_ends(grant["fields"])
                with dial(program.store, timeout=120) as connection:
                    connection.sendall(form_head(grant, len(start) + MEMORY_UPLOAD_BYTES + len(end)) + start)
                    for _ in range(MEMORY_UPLOAD_BYTES // len(body)):
                        connection.sendall(body)
                    connection.sendall(end)
                    answer = read_to_close(connection)
                if not answer.startswith(b"HTTP/1.1 201"):
                    refused.append(answer[:300])

        threads = [threading.Thread(target=upload, daemon=True) for _ in range(at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not refused, refused[:3]
        with Office(program) as office:
            assert len(office.listed(job_id)) == count
        return program.memory_bytes("VmHWM")


def test_memory_stays_flat_with_64_large_uploads_at_once(tmp_path, witness):
    few = memory_of_uploads(tmp_path / "few", witness, 4, 16)
    many = memory_of_uploads(tmp_path / "many", witness, 64, 64)
    print(f"most memory: {few >> 20} MiB with 4 uploads of 20 MiB at once, {many >> 20} MiB with 64")
    # Each may cost two blocks and the buffers of its connection, which is under 1 MiB, and not its 20.
    assert many - few < 90 << 20

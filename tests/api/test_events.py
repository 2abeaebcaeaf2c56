"""Server-sent events: who is told of what, and how a stream ends."""

import contextlib
import http.client
import json
import queue
import socket
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest
from support import caller as callers
from support.caller import Caller
from support.faces import Server


class Stream:
    """An open stream, read beside the test."""

    def __init__(self, caller, **query):
        parts = urlsplit(caller.server.api)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
        target = "/events" + (f"?{urlencode(query)}" if query else "")
        self.connection.request("GET", target, headers=caller.headers)
        self.socket = self.connection.sock
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200, self.answer.read()
        self.events, self.comments, self.ended_at = queue.Queue(), 0, None
        # The first comment says that the server listens.
        assert self.answer.readline().startswith(b":")
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        name, data = None, None
        with contextlib.suppress(OSError, http.client.HTTPException):
            while line := self.answer.readline().decode():
                field, _, value = line.rstrip("\n").partition(":")
                if line == "\n" and name is not None:
                    self.events.put((name, json.loads(data)))
                    name, data = None, None
                elif field == "event":
                    name = value.strip()
                elif field == "data":
                    data = value.strip()
                elif line.startswith(":"):
                    self.comments += 1
        self.ended_at = time.monotonic()

    def next(self, seconds=10):
        return self.events.get(timeout=seconds)

    def nothing_more(self, seconds=0.7):
        with pytest.raises(queue.Empty):
            pytest.fail(f"an event too many: {self.events.get(timeout=seconds)}")

    def ended(self, seconds):
        self.reader.join(seconds)
        return self.ended_at is not None

    def close(self):
        # Taken before the answer ends, when the connection lets go of it.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.reader.join(10)
        self.connection.close()


@pytest.fixture
def streams():
    with contextlib.ExitStack() as stack:
        def listen(caller, **query):
            stream = Stream(caller, **query)
            stack.callback(stream.close)
            return stream

        yield listen


def crew_of(server, staff, job, role="crew"):
    return Caller(server, server.application_key, staff.new_link(job, role)["token"])


def test_a_stream_says_what_it_is(staff, streams):
    stream = streams(staff)
    assert stream.answer.getheader("Content-Type").startswith("text/event-stream")
    assert stream.answer.getheader("Cache-Control") == "no-store"
    assert stream.answer.getheader("X-Accel-Buffering") == "no"


def test_a_page_hears_of_a_photo_that_is_stored_and_of_one_that_is_ready(staff, job, streams):
    stream, wanted = streams(staff, job_id=job), ("photos", {"job_id": job})
    grant = staff.grant(job)
    stream.nothing_more()
    callers.send_form(grant, callers.photo_bytes("ready"))
    assert stream.next() == wanted
    assert stream.next() == wanted
    (photo,) = staff.photos(job)
    assert photo["status"] == "ready"
    stream.nothing_more()
    staff.upload(job, "broken.jpg", b"not a photo")
    assert [stream.next(), stream.next()] == [wanted, wanted]
    assert [photo["status"] for photo in staff.photos(job)] == ["ready", "rejected"]
    stream.nothing_more()


def test_a_page_hears_of_changes_and_deletions(staff, job, streams):
    photo = f"/jobs/{job}/photos/{staff.upload(job)['photo_id']}"
    staff.settled(job)
    stream, wanted = streams(staff, job_id=job), ("photos", {"job_id": job})
    staff.good("PATCH", photo, json={"caption": "changed"})
    assert stream.next() == wanted
    staff.good("PATCH", photo, json={"hidden": True})
    assert stream.next() == wanted
    staff.good("DELETE", photo)
    assert stream.next() == wanted
    staff.good("PATCH", f"/jobs/{job}", json={"title": "Changed"})
    assert stream.next() == ("job", {"job_id": job})
    # What is refused changes nothing.
    assert staff.patch(f"/jobs/{job}", {"title": ""}).status_code == 400
    assert staff.patch(photo, {"hidden": False}).status_code == 404
    stream.nothing_more()


def test_staff_hear_of_new_jobs_and_of_every_job(tmp_path, streams):
    server = Server(tmp_path).start()
    try:
        staff = callers.staff(server)
        stream = streams(staff)
        first, second = staff.new_job(), staff.new_job()
        assert [stream.next(), stream.next()] == [("job", {"job_id": first}), ("job", {"job_id": second})]
        staff.upload(second)
        assert stream.next() == ("photos", {"job_id": second})
    finally:
        assert server.stop() == 0


@pytest.mark.parametrize("role", ["crew", "customer"])
@pytest.mark.parametrize("named", [True, False])
def test_who_reaches_one_job_hears_of_no_other(server, staff, job, streams, role, named):
    other = staff.new_job()
    stream = streams(crew_of(server, staff, job, role), **({"job_id": job} if named else {}))
    staff.upload(other)
    staff.good("PATCH", f"/jobs/{other}", json={"title": "Secret"})
    staff.new_job()
    stream.nothing_more()
    staff.good("PATCH", f"/jobs/{job}", json={"title": "Own"})
    assert stream.next() == ("job", {"job_id": job})
    stream.nothing_more()


def test_a_stream_is_alive_every_15_seconds_and_ends_when_its_link_is_taken_back(server, staff, job, streams):
    link = staff.new_link(job, "crew")
    revoked = streams(Caller(server, server.application_key, link["token"]))
    kept = streams(crew_of(server, staff, job))
    key = server.add_key("listens", "--role", "crew", "--job", job)
    by_key = streams(Caller(server, key))
    staff.good("DELETE", f"/links/{link['link_id']}")
    server.revoke_key("listens")
    assert revoked.ended(17) and by_key.ended(2)
    time.sleep(1)
    assert kept.comments == 1 and not kept.ended(0)


def test_a_shutdown_ends_streams_at_once(tmp_path, streams):
    server = Server(tmp_path).start()
    stream = streams(callers.staff(server))
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 3 and stream.ended(1)


def test_too_many_streams_are_refused_until_one_has_gone(tmp_path, streams):
    server = Server(tmp_path, "--connections-max", "12").start()
    try:
        staff = callers.staff(server)
        open_ones = [streams(staff) for _ in range(3)]
        answer = staff.get("/events")
        assert (answer.status_code, answer.json()["code"]) == (503, "too_many_streams")
        assert int(answer.headers["Retry-After"]) > 0
        assert staff.get("/jobs").status_code == 200
        open_ones[0].close()
        until = time.monotonic() + 5
        while (status := staff.get("/events", stream=True).status_code) != 200 and time.monotonic() < until:
            time.sleep(0.05)
        assert status == 200
    finally:
        assert server.stop() == 0


def test_events_of_a_job_that_is_not_ones_own_are_not_found(server, staff, job):
    crew = crew_of(server, staff, job)
    for job_id, status in ((staff.new_job(), 404), ("unknown", 404), ("a b", 400), ("", 400)):
        answer = crew.get("/events", params={"job_id": job_id})
        assert answer.status_code == status, job_id
        assert answer.json().get("field") == ("job_id" if status == 400 else None)

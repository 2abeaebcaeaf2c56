"""Being told to stop: what is in flight is finished, what is new is refused, and nothing waits for ever."""

import time

import pytest
from rig.program import Program
from rig.wire import Wire, dial, form_ends, form_head, read_to_close
from rig.witness import Office, findings


class HalfSent:
    """An upload that has been sent up to its middle."""

    def __init__(self, program, photo):
        self.photo = photo
        photo.upload.send()
        start, end = form_ends(photo.grant["fields"])
        self.rest = photo.body() + end
        self.connection = dial(program.store, timeout=30)
        self.connection.sendall(form_head(photo.grant, len(start) + len(self.rest)) + start)
        half = len(self.rest) // 2
        self.connection.sendall(self.rest[:half])
        self.rest = self.rest[half:]

    def finish(self):
        self.connection.sendall(self.rest)
        answer = read_to_close(self.connection)
        self.connection.close()
        if answer.startswith(b"HTTP/1.1 201"):
            self.photo.upload.succeed()
        return answer


def is_refused(origin):
    try:
        dial(origin, timeout=2).close()
    except ConnectionRefusedError:
        return True
    return False


def wait_until(what, seconds=5):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, what
        time.sleep(0.02)


def test_uploads_in_flight_are_finished_when_the_server_is_told_to_stop(program, witness):
    with Office(program) as office, Wire(program.store) as idle:
        job_id = witness.new_job(office)
        photos = witness.grants(office, job_id, 8, 600_000)
        # Connections that are kept alive for nothing must not hold it up.
        idle.ask("GET", "/")
        uploads = [HalfSent(program, photo) for photo in photos]
        time.sleep(0.3)
        program.terminate()
        wait_until(lambda: is_refused(program.store) and is_refused(program.api))
        for upload in uploads:
            assert upload.finish().startswith(b"HTTP/1.1 201")
        begun = time.monotonic()
        assert program.process.wait(10) == 0
        assert time.monotonic() - begun < 3
    program.start()
    assert witness.count_acknowledged() == len(photos)
    assert findings(program, witness) == []


def test_an_upload_that_never_ends_does_not_keep_the_server_from_stopping(tmp_path, witness):
    with Program(tmp_path / "qdn", "--drain-seconds", "2") as program:
        with Office(program) as office:
            job_id = witness.new_job(office)
            witness.upload_some(program, job_id, 3)
            (photo,) = witness.grants(office, job_id, 1, 600_000)
        stuck = HalfSent(program, photo)
        time.sleep(0.3)
        begun = time.monotonic()
        program.terminate()
        assert program.process.wait(15) == 0
        assert 1.5 < time.monotonic() - begun < 6
        assert not read_to_close(stuck.connection).startswith(b"HTTP/1.1 2")
        stuck.connection.close()
        program.start()
        assert findings(program, witness) == []
        with Office(program) as office:
            assert photo.photo_id not in office.listed(job_id)


@pytest.mark.parametrize("signal_count", [2])
def test_an_impatient_second_signal_changes_nothing_that_was_acknowledged(program, witness, signal_count):
    with Office(program) as office:
        job_id = witness.new_job(office)
    witness.upload_some(program, job_id, 20)
    for _ in range(signal_count):
        program.terminate()
    program.process.wait(10)
    program.start()
    assert findings(program, witness) == []

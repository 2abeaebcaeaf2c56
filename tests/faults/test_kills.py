"""Kills at any moment, and at each step of making an object appear or disappear."""

import time

import pytest
from rig.checks import deletion_findings
from rig.tracing import SYNCS, Injected
from rig.wire import BROKEN
from rig.witness import Load, Office, Wire, findings, send_again

RENAMES = "rename,renameat,renameat2"
LINKS = "link,linkat"
UNLINKS = "unlink,unlinkat"


def test_thirty_kills_lose_nothing_that_was_acknowledged(program, witness, chance, rounds):
    sent_again = 0
    for number in range(rounds):
        with Load(program, witness) as load:
            time.sleep(chance.uniform(0.05, 0.5))
            load.fault_at = time.monotonic()
            program.kill()
        program.start()
        found = findings(program, witness, jobs=[load.job_id])
        assert not found, f"after kill {number + 1}: {len(found)} findings, such as {found[:5]}"
        witness.settle()
        sent_again += send_again(program, witness, load.job_id)
    assert findings(program, witness) == []
    assert deletion_findings(program, witness) == []
    assert program.stop() == 0
    program.check_store()
    assert witness.count_acknowledged() > 10 * rounds, "there were too few uploads for this to mean anything"
    assert sent_again > 0, "no upload was ever in flight"


@pytest.mark.parametrize(
    ("calls", "whens"),
    [
        pytest.param(SYNCS, range(1, 8), id="sync"),
        pytest.param(LINKS, range(1, 4), id="link"),
        pytest.param(UNLINKS, range(1, 6), id="unlink"),
        pytest.param(RENAMES, range(1, 4), id="rename"),
        pytest.param("pwrite64", (1, 2, 3, 5, 9, 14), id="database"),
        pytest.param("write", (2, 6, 11), id="write"),
    ],
)
def test_a_kill_at_any_step_leaves_all_or_nothing(program, witness, calls, whens):
    for when in whens:
        with Office(program) as office:
            job_id = witness.new_job(office)
        with Injected(program, calls, "signal=KILL", when):
            work_until_dead(program, witness, job_id)
        program.kill()
        program.start()
        found = findings(program, witness, jobs=[job_id])
        assert not found, f"killed at {calls} number {when}: {found[:5]}"
        send_again(program, witness, job_id)
    assert program.stop() == 0
    program.check_store()


def work_until_dead(program, witness, job_id):
    """Uploads and deletes, one after another, until the server is gone."""
    until = time.monotonic() + 30
    try:
        with Office(program) as office, Wire(program.store) as wire:
            while time.monotonic() < until:
                for photo in witness.grants(office, job_id, 3):
                    witness.upload(wire, photo)
                witness.delete(office, photo)
    except BROKEN:
        program.process.wait(10)
        return
    except AssertionError:
        # A grant was answered with an error; the process is not gone, which the next line says.
        pass
    pytest.fail("the step to kill the server at was never reached")

"""Power cuts: what was answered before the cut began is there afterwards, whole. What was answered later, or never, is
there whole or leaves no trace."""

import time
from collections import Counter, defaultdict

import pytest
from rig.checks import database_findings, deletion_findings, kinds_of
from rig.disks import Disk
from rig.machine import need
from rig.program import Program
from rig.tracing import SYNC_NOTHING, SYNC_SOME
from rig.witness import Load, Witness, findings, send_again

CUTS_PER_DISK = 15
KINDS = ("photo", "deletion", "customer", "job", "link", "revocation")
# How many of each kind must have been acknowledged before a cut, and in flight at one, on average.
ACKNOWLEDGED_PER_CUT_MIN = 1
IN_FLIGHT_PER_CUT_MIN = 1 / 10
# Within so many cuts a server that does not sync must be found out, by one of these.
CUTS_TO_FIND_MAX = 5
DATA_LOSS = {
    "lost", "unlisted", "unreadable", "corrupt", "came back", "grant lost",
    "customer lost", "job lost", "link lost", "revocation lost",
}


def power_cut(disk, program, witness, chance):
    """Requests with full force until the power goes; then the machine comes back. Gives the job and what was wrong."""
    with Load(program, witness) as load:
        time.sleep(chance.uniform(0.1, 0.8))
        cut = disk.cut_power()
        load.fault_at = cut.began
        # A server that ignores a failing disk would go on acknowledging.
        time.sleep(chance.uniform(0, 0.05))
        program.kill()
    problems = witness.note_cut(cut)
    disk.unmount()
    disk.mount()
    program.start()
    return load.job_id, problems


def cut_power_again_and_again(directory, kind, chance, rounds, report):
    counts, late_lost_seconds_max, sent_again = defaultdict(Counter), 0.0, 0
    # A new disk before the old one is full.
    for first in range(0, rounds, CUTS_PER_DISK):
        witness = Witness(chance.random())
        home = directory / f"from-{first}"
        with Disk(home, kind) as disk, Program(home / "qdn", data=disk.path / "data") as program:
            for number in range(first, min(first + CUTS_PER_DISK, rounds)):
                job_id, problems = power_cut(disk, program, witness, chance)
                problems += findings(program, witness, jobs=[job_id])
                assert not problems, f"after cut {number + 1}: {len(problems)} findings, such as {problems[:5]}"
                witness.settle()
                sent_again += send_again(program, witness, job_id)
            # Everything that was ever acknowledged on this disk, once more.
            assert findings(program, witness) == []
            assert deletion_findings(program, witness) == []
            witness.settle()
            assert program.stop() == 0
            program.check_store()
            assert database_findings(program) == []
        for name in ("grant", *KINDS):
            counts[name] += witness.counts[name]
        late_lost_seconds_max = max(late_lost_seconds_max, witness.late_lost_seconds_max)
        print(f"{kind}: {min(first + CUTS_PER_DISK, rounds)} cuts without a finding", flush=True)
    report(f"{kind}: {rounds} power cuts without a finding, {sent_again} uploads sent again")
    for name in ("grant", *KINDS):
        numbers = [f"{counts[name][what]} {what}" for what in ("acknowledged", "in flight", "late", "lost of these")]
        report(f"  {name}: {', '.join(numbers)}")
    if late_lost_seconds_max:
        report(f"  the latest of the lost was answered {1000 * late_lost_seconds_max:.1f} ms after its cut began")
    assert counts["photo"]["acknowledged"] > 20 * rounds, "there were too few uploads for this to mean anything"
    for name in KINDS:
        assert counts[name]["acknowledged"] > ACKNOWLEDGED_PER_CUT_MIN * rounds, f"too few of kind {name}"
        assert counts[name]["in flight"] > IN_FLIGHT_PER_CUT_MIN * rounds, f"too few of kind {name} met a cut"
    assert sent_again > 0, "no upload was ever in flight when the power went"


def test_power_cuts_on_ext4_lose_nothing_that_was_answered_before(tmp_path, chance, rounds, report):
    cut_power_again_and_again(tmp_path, "ext4", chance, rounds, report)


@pytest.mark.long
def test_power_cuts_on_xfs_lose_nothing_that_was_answered_before(tmp_path, chance, rounds, report):
    cut_power_again_and_again(tmp_path, "xfs", chance, rounds, report)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
@pytest.mark.parametrize("syncs", [pytest.param(SYNC_NOTHING, id="none"), pytest.param(SYNC_SOME, id="some")])
def test_a_server_that_does_not_sync_is_found_out(tmp_path, witness, chance, kind, syncs):
    """The test of the tests above: with syncs made to do nothing they must find losses, and soon."""
    need("strace")
    with (
        Disk(tmp_path, kind) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data", prefix=syncs) as program,
    ):
        # What the first start makes must survive, or there is no second start to look.
        program.stop()
        disk.unmount()
        disk.mount()
        program.start()
        problems = cut_power_until_found(disk, program, witness, chance)
    assert problems, f"{CUTS_TO_FIND_MAX} cuts found nothing"
    assert kinds_of(problems) & DATA_LOSS, problems[:5]


def cut_power_until_found(disk, program, witness, chance):
    for _ in range(CUTS_TO_FIND_MAX):
        job_id, _ = power_cut(disk, program, witness, chance)
        problems = findings(program, witness, jobs=[job_id])
        if problems:
            return problems
    return []

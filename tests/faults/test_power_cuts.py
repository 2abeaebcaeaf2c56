"""Power cuts: what was acknowledged is there afterwards, whole; what was not leaves no trace."""

import time

import pytest
from rig.disks import Disk
from rig.machine import need
from rig.program import Program
from rig.tracing import SYNC_NOTHING
from rig.witness import Load, Witness, findings, send_again

CUTS_PER_DISK = 15


def power_cut(disk, program, witness, chance):
    """Uploads with full force until the power goes; then the machine comes back. Gives the job of the uploads."""
    with Load(program, witness) as load:
        time.sleep(chance.uniform(0.1, 1.0))
        disk.cut_power()
        # A server that ignores a failing disk would go on promising.
        time.sleep(chance.uniform(0, 0.05))
        program.kill()
    disk.unmount()
    disk.mount()
    program.start()
    return load.job_id


def cut_power_again_and_again(folder, kind, chance, rounds):
    acknowledged = sent_again = 0
    # A new disk before the old one is full.
    for first in range(0, rounds, CUTS_PER_DISK):
        witness = Witness(chance.random())
        home = folder / f"from-{first}"
        with Disk(home, kind) as disk, Program(home / "qdn", data=disk.path / "data") as program:
            for number in range(first, min(first + CUTS_PER_DISK, rounds)):
                job_id = power_cut(disk, program, witness, chance)
                found = findings(program, witness, jobs=[job_id])
                assert not found, f"after cut {number + 1}: {len(found)} findings, such as {found[:5]}"
                sent_again += send_again(program, witness, job_id)
            # Everything that was ever promised on this disk, once more.
            assert findings(program, witness) == []
            assert program.stop() == 0
            program.check_store()
        acknowledged += witness.count_acknowledged()
    print(f"{kind}: {rounds} cuts, {acknowledged} acknowledged, {sent_again} sent again, 0 lost")
    assert acknowledged > 20 * rounds, "there were too few uploads for this to mean anything"
    assert sent_again > 0, "no upload was ever in flight when the power went"


def test_thirty_power_cuts_on_ext4_lose_nothing_that_was_acknowledged(tmp_path, chance, rounds):
    cut_power_again_and_again(tmp_path, "ext4", chance, rounds)


@pytest.mark.long
def test_power_cuts_on_xfs_lose_nothing_that_was_acknowledged(tmp_path, chance, rounds):
    cut_power_again_and_again(tmp_path, "xfs", chance, rounds)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_a_store_that_does_not_sync_is_found_out(tmp_path, witness, chance, kind):
    """The test of the tests above: with every sync made to do nothing they must find photos lost."""
    need("strace")
    with (
        Disk(tmp_path, kind) as disk,
        Program(tmp_path / "qdn", data=disk.path / "data", prefix=SYNC_NOTHING) as program,
    ):
        # What the first start makes must survive, or there is no second start to look.
        program.stop()
        disk.unmount()
        disk.mount()
        program.start()
        job_id = power_cut(disk, program, witness, chance)
        found = findings(program, witness, jobs=[job_id])
    assert any(sentence.startswith(("lost", "unlisted")) for sentence in found), found[:5]

"""The race of a power cut by ioctl, on a plain file: what test_power_cuts.py may forgive, and nothing more.

Threads append to files, each append synced. A sync that is under way when the file system is shut down can return
success and lose its append. One that returned before the shutdown began loses nothing, and one that began after it
never succeeds.
"""

import os
import threading
import time
import typing

import pytest
from rig.disks import Disk

APPENDERS = 4
RECORD = "{:015}\n"


class Append(typing.NamedTuple):
    """When one append was begun, and when its sync returned success."""

    began: float
    ended: float


def append_until_it_fails(file, appends):
    try:
        while True:
            began = time.monotonic()
            os.write(file, RECORD.format(len(appends)).encode())
            os.fdatasync(file)
            appends.append(Append(began, time.monotonic()))
    except OSError:
        pass
    finally:
        os.close(file)


def count_whole_records(path):
    written = path.read_bytes() if path.exists() else b""
    length, count = len(RECORD.format(0)), 0
    while written[count * length : (count + 1) * length] == RECORD.format(count).encode():
        count += 1
    return count


def cut_power_while_appending(disk, number, chance):
    """Gives the cut and all appends that succeeded, each with whether it was there afterwards."""
    files = [(disk.path / f"{number}-{n}", []) for n in range(APPENDERS)]
    threads = []
    for path, appends in files:
        # Opened here: a thread that begins late would find no disk to open it on.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        threads.append(threading.Thread(target=append_until_it_fails, args=(file, appends), daemon=True))
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.02, 0.15))
    cut = disk.cut_power()
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive(), "appends go on without a disk"
    disk.unmount()
    disk.mount()
    results = []
    for path, appends in files:
        kept = count_whole_records(path)
        results += [(append, index < kept) for index, append in enumerate(appends)]
        path.unlink(missing_ok=True)
    return cut, results


def race(directory, kind, chance, rounds, report):
    """Gives how many appends were lost of those whose sync returned while the power went."""
    in_time = late = late_lost = 0
    with Disk(directory, kind) as disk:
        for number in range(rounds):
            cut, results = cut_power_while_appending(disk, number, chance)
            lost = [append for append, kept in results if append.ended <= cut.began and not kept]
            assert not lost, f"cut {number + 1} lost {len(lost)} appends that were synced before it began"
            without_disk = [append for append, _ in results if append.began > cut.ended]
            assert not without_disk, f"cut {number + 1}: {len(without_disk)} appends were synced after it"
            in_time += sum(append.ended <= cut.began for append, _ in results)
            late += sum(append.ended > cut.began for append, _ in results)
            late_lost += sum(append.ended > cut.began and not kept for append, kept in results)
    report(f"{kind}, plain appends: {rounds} cuts, {in_time} in time, 0 lost; {late} late, {late_lost} of these lost")
    assert in_time > 20 * rounds, "there were too few appends for this to mean anything"
    return late_lost


def test_an_append_synced_before_a_cut_began_is_never_lost_on_ext4(tmp_path, chance, report):
    race(tmp_path, "ext4", chance, 20, report)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["ext4", "xfs"])
def test_an_append_synced_while_the_power_goes_may_be_lost(tmp_path, chance, rounds, report, kind):
    """The reason why a response that arrives during a cut does not count."""
    assert race(tmp_path, kind, chance, rounds, report) > 0, "the race was never seen"

"""Disks that lose power, and disks that are too small."""

import fcntl
import os
import struct
import time
import typing
from pathlib import Path

from rig.machine import need, run

# EXT4_IOC_SHUTDOWN and XFS_IOC_GOINGDOWN are one number; the flag says that not even the journal is written out.
IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


class PowerCut(typing.NamedTuple):
    """When a cut began and ended: just before and just after the call that shuts the disk down, in time.monotonic()."""

    began: float
    ended: float


def unmount(path):
    """Unmounts; a process that was just killed may hold on to it for a moment."""
    for _ in range(200):
        try:
            return run("umount", path)
        except RuntimeError:
            time.sleep(0.02)
    return run("umount", path)


class Tmpfs:
    """A file system in memory, of a size in bytes and perhaps a number of files."""

    def __init__(self, path, size, inodes=None):
        self.path = Path(path)
        self.options = f"size={size}" + (f",nr_inodes={inodes}" if inodes else "")

    def __enter__(self):
        self.path.mkdir(parents=True)
        run("mount", "-t", "tmpfs", "-o", self.options, "none", self.path)
        return self

    def __exit__(self, *_):
        unmount(self.path)

    def free_bytes(self):
        disk = os.statvfs(self.path)
        return disk.f_bavail * disk.f_frsize


class Disk:
    """A disk whose power can be cut: a file system in a file in memory, behind a loop device.

    What the file system has handed to the device is kept; what it still holds in the page cache or in its journal's
    memory is lost with the power, as on a real machine.
    """

    def __init__(self, folder, kind, size=1 << 30):
        need("mount", f"mkfs.{kind}")
        self.kind = kind
        self.memory = Tmpfs(Path(folder) / "memory", size + (64 << 20))
        self.image = self.memory.path / "image"
        self.path = Path(folder) / "disk"
        self.size = size
        self.mounted = False

    def __enter__(self):
        self.path.mkdir(parents=True)
        self.memory.__enter__()
        try:
            with self.image.open("wb") as image:
                image.truncate(self.size)
            run(f"mkfs.{self.kind}", "-q", self.image)
            self.mount()
        except BaseException:
            self.memory.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.mounted:
            self.unmount()
        self.memory.__exit__()

    def mount(self):
        """Mounts it, which replays its journal. The loop device goes away with the mount."""
        run("mount", "-t", self.kind, "-o", "loop", self.image, self.path)
        self.mounted = True

    def unmount(self):
        unmount(self.path)
        self.mounted = False

    def cut_power(self):
        """Once this has returned nothing reaches the device any more. What is under way meanwhile may, or may not."""
        fd = os.open(self.path, os.O_RDONLY)
        try:
            began = time.monotonic()
            fcntl.ioctl(fd, IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
            return PowerCut(began, time.monotonic())
        finally:
            os.close(fd)

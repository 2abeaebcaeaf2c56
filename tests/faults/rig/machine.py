"""The machine the faults happen on: its tools, and mounts of our own."""

import ctypes
import os
import shutil
import subprocess

import pytest

CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x44000

# Debian's package for each tool.
PACKAGES = {
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mount": "mount",
    "strace": "strace",
}


def run(*command):
    """Runs a command that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def need(*tools):
    """Installs what is missing, or fails naming it. Nothing is skipped for want of a tool."""
    missing = sorted({PACKAGES[tool] for tool in tools if not shutil.which(tool)})
    if not missing:
        return
    names = " ".join(missing)
    try:
        run("apt-get", "update", "-qq")
        run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends", *missing)
    except (OSError, RuntimeError) as cause:
        pytest.fail(f"the fault tests need {names}; install that and run them again ({cause})", pytrace=False)


def own_mounts():
    """Gives this process and its children a mount table of their own: whatever they leave mounted, even when they are
    killed, goes away with the last of them, and so do the loop devices below it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0 or libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None) != 0:
        why = os.strerror(ctypes.get_errno())
        pytest.exit(f"the fault tests mount file systems and must run as root (CAP_SYS_ADMIN): {why}", returncode=1)

"""Faults at system calls, by strace."""

import subprocess
import time

import pytest
from rig.machine import need

SYNCS = "fsync,fdatasync"

# To be put before the program: every sync, or every second one of a thread, says that it succeeded and does nothing, as
# a careless store would. With -D the program stays our child and the tracer is nobody's.
SYNC_NOTHING, SYNC_SOME = (
    [
        "strace", "-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", f"trace={SYNCS}",
        "-e", f"inject={SYNCS}:retval=0{when}",
    ]
    for when in ("", ":when=2+2")
)


class Injected:
    """While this is open, some system calls of a running program end in a fault.

    `when` is strace's: a number counts the calls of each thread by itself.
    """

    def __init__(self, program, calls, fault, when=None):
        need("strace")
        self.program = program
        self.inject = f"inject={calls}:{fault}" + (f":when={when}" if when else "")
        self.calls = calls
        self.tracer = None
        self.output = program.folder / "strace"

    def __enter__(self):
        command = ["strace", "-f", "-o", str(self.output), "-e", f"trace={self.calls}", "-e", self.inject]
        self.tracer = subprocess.Popen(
            [*command, "-p", str(self.program.process.pid)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        until = time.monotonic() + 10
        # A kill may strike before anybody has looked.
        while self.program.is_running() and not self.is_attached():
            if self.tracer.poll() is not None or time.monotonic() > until:
                self.tracer.kill()
                pytest.fail(f"strace did not attach: {self.tracer.stderr.read().decode(errors='replace')}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        # To let go of the threads strace stops each and waits for it. One that is starting a photo worker waits for the
        # worker's execve(2) (CLONE_VFORK, clone(2)), and the worker, stopped at a system call, for strace: all would
        # wait for ever. Of a tracer that is killed the kernel lets everybody go.
        self.tracer.terminate()
        try:
            self.tracer.wait(2)
        except subprocess.TimeoutExpired:
            self.tracer.kill()
            self.tracer.wait()
        self.tracer.stderr.close()

    def is_attached(self):
        tracers = set()
        for task in self.program.tasks():
            try:
                with open(f"/proc/{self.program.process.pid}/task/{task}/status", encoding="utf-8") as status:
                    tracers |= {line.split()[1] for line in status if line.startswith("TracerPid:")}
            except OSError:
                pass
        return tracers == {str(self.tracer.pid)}

    def count(self):
        """How many faults there have been. To be asked after the end."""
        return self.output.read_text(errors="replace").count("(INJECTED)")

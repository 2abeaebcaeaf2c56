"""The fault tests run as root on Linux, short by default (QDN_FAULTS=long for the long form)."""

import os
import random
import signal

import pytest
from rig import machine
from rig.program import Program
from rig.witness import Witness


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only in the long form, cargo xtask faults")
    # Ended by a time limit, the tests must clean up as they do otherwise.
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("told to stop"))


def is_long():
    return os.environ.get("QDN_FAULTS") == "long"


def pytest_collection_modifyitems(config, items):
    """The long form's own tests are not part of the short one, rather than skipped in it."""
    if not is_long():
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("long")])
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def pytest_report_header():
    return f"faults: {'long' if is_long() else 'short'} form, seed {SEED} (QDN_FAULTS_SEED repeats it)"


SEED = int(os.environ.get("QDN_FAULTS_SEED") or random.SystemRandom().randrange(1 << 32))


@pytest.fixture(scope="session", autouse=True)
def own_mounts():
    machine.own_mounts()


@pytest.fixture
def rounds():
    """How often to repeat a fault: 30 times, or QDN_FAULTS_ROUNDS (500) in the long form."""
    return int(os.environ.get("QDN_FAULTS_ROUNDS") or 500) if is_long() else 30


REPORTED = []


@pytest.fixture
def report():
    """Takes a line of numbers, shown at the end of the run."""
    return REPORTED.append


def pytest_terminal_summary(terminalreporter):
    for line in REPORTED:
        terminalreporter.write_line(line)


@pytest.fixture
def chance(request):
    """Random numbers of the test's own, the same for the same seed."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def witness(chance):
    return Witness(chance.random())


@pytest.fixture
def program(tmp_path):
    """A server on an ordinary folder."""
    with Program(tmp_path / "qdn") as running:
        yield running

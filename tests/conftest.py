"""One server for the whole run, and those who call it."""

import pytest
from support import caller, function, s3
from support.faces import FUNCTION, Server


def pytest_configure(config):
    config.addinivalue_line("markers", "embedded: of what only a server of one's own has: its files, flags and listener")


def pytest_collection_modifyitems(config, items):
    """The functions are held to everything but what only a server of one's own has."""
    if FUNCTION:
        left_out = [item for item in items if item.get_closest_marker("embedded")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_unconfigure():
    function.end()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server that all tests share; each makes jobs of its own. It must end well when it is told to."""
    running = Server(tmp_path_factory.mktemp("qdn")).start()
    yield running
    assert running.process.poll() is None, f"it ended early; it said: {running.log()[-4000:]}"
    assert running.stop() == 0
    assert "panicked" not in running.log()


@pytest.fixture(scope="session")
def staff(server):
    """Staff as the dashboard calls."""
    return caller.staff(server)


@pytest.fixture(scope="session")
def store(server):
    """boto3 as a client of the store."""
    return s3.client(server)


@pytest.fixture
def job(staff):
    """A job of the test's own."""
    return staff.new_job()

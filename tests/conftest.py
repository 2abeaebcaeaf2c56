"""One server for the whole run, and those who call it."""

import pytest
from support import caller, s3
from support.server import Server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A server that all tests share; each makes jobs of its own. It must end well when it is told to."""
    running = Server(tmp_path_factory.mktemp("qdn")).start()
    yield running
    assert running.process.poll() is None, f"qdn serve ended early; it said: {running.log()[-4000:]}"
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

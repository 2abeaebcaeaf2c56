"""The stack in a local AWS with the real functions, set up as an operator does, and those who call it."""

import pytest
from support import caller as callers
from support.aws.cloud import Cloud
from support.aws.edge import Edge, new_key
from support.aws.local_copy import KEY_ID
from support.aws.site import Site, archives

LAST = "test_permissions_used.py"
# So that a photo that is too large is not a large one.
PHOTO_BYTES_MAX = "500000"


def pytest_collection_modifyitems(items):
    """What looks at every call of the run stands at its end."""
    items.sort(key=lambda item: item.path.name == LAST)


@pytest.fixture(scope="session")
def signing_key():
    return new_key()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory, signing_key):
    running = Cloud(tmp_path_factory.mktemp("aws")).start()
    try:
        private, _, lines = signing_key
        running.client("ssm").put_parameter(Name="/qdn/signing-key-a", Type="SecureString", Value=private)
        running.deploy(archives(), {"SigningKeyA": lines, "PhotoBytesMax": PHOTO_BYTES_MAX})
        # So that a photo that failed is tried again soon.
        running.client("sqs").set_queue_attributes(
            QueueUrl=running.outputs["PhotoQueueUrl"], Attributes={"VisibilityTimeout": "2"}
        )
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def edge(cloud, signing_key):
    return Edge(cloud, {KEY_ID: signing_key[1]})


@pytest.fixture(scope="session")
def site(cloud):
    site = Site(cloud)
    site.setup()
    return site


@pytest.fixture(scope="session")
def staff(site):
    return callers.staff(site)


@pytest.fixture
def job(staff):
    return staff.new_job()


@pytest.fixture
def store(cloud):
    """S3 as the account's root."""
    return cloud.client("s3")

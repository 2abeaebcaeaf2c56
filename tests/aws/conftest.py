"""The stack in a local AWS with the real functions, set up as an operator does, and those who call it."""

import io
import json
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest
from support import caller as callers
from support.aws import template
from support.aws.cloud import Cloud
from support.aws.edge import Edge, new_key
from support.aws.local_copy import KEY_ID

LAST = "test_permissions_used.py"
# So that a photo that is too large is not a large one.
PHOTO_BYTES_MAX = "500000"


def pytest_collection_modifyitems(items):
    """What looks at every call of the run stands at its end."""
    items.sort(key=lambda item: item.path.name == LAST)


def archive(variable):
    """The function's program as `cargo xtask package` packs it."""
    path = os.environ.get(variable)
    if not path:
        pytest.fail(f"{variable} must name the function's program, for instance target/debug/qdn-lambda-api")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        file.writestr(entry, Path(path).read_bytes())
    return packed.getvalue()


@pytest.fixture(scope="session")
def signing_key():
    return new_key()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory, signing_key):
    running = Cloud(tmp_path_factory.mktemp("aws")).start()
    try:
        private, _, lines = signing_key
        running.client("ssm").put_parameter(Name="/qdn/signing-key-a", Type="SecureString", Value=private)
        code = {
            "qdn-lambda-api.zip": archive("QDN_LAMBDA_API"), "qdn-lambda-photo.zip": archive("QDN_LAMBDA_PHOTO"),
        }
        running.deploy(code, {"SigningKeyA": lines, "PhotoBytesMax": PHOTO_BYTES_MAX})
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


class Site:
    """The stack as callers know it."""

    def __init__(self, cloud):
        self.cloud, self.api = cloud, cloud.api
        self.application_key = template.PARAMETERS["ApplicationKey"]
        self.tokens = {}

    def tell(self, event):
        """Invokes the photo function with an event of ours, and gives what it answers."""
        answer = self.cloud.client("lambda", read_timeout=60).invoke(
            FunctionName=self.cloud.outputs["PhotoFunctionName"], Payload=json.dumps(event).encode()
        )
        said = answer["Payload"].read().decode()
        assert "FunctionError" not in answer, said
        return said

    def setup(self):
        """As the first deployment does: makes the application key known and gives the first link for staff."""
        said = self.tell({"qdn": "setup"})
        link = re.search(re.escape(self.cloud.outputs["SiteUrl"]) + r"/dashboard/#t=([\w-]+)", said)
        assert link, said
        self.tokens["staff"] = link[1]


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

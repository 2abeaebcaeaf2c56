"""The template, read once, and a stack of it in a local AWS."""

import io
import stat
import zipfile
from pathlib import Path

import promises
import pytest
from support.aws import template
from support.aws.cloud import Cloud


@pytest.fixture(scope="session")
def stack():
    return promises.Stack(template.load())


def archive(program):
    """A function's code as `cargo xtask package` packs it: one executable named bootstrap."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = (stat.S_IFREG | 0o755) << 16
        file.writestr(entry, program)
    return packed.getvalue()


@pytest.fixture(scope="session")
def cloud(tmp_path_factory):
    """The stack with stand-ins for its functions."""
    running = Cloud(tmp_path_factory.mktemp("aws")).start()
    code = archive((Path(__file__).with_name("stand_in.py")).read_bytes())
    running.deploy({"qdn-lambda-api.zip": code, "qdn-lambda-photo.zip": code})
    yield running
    running.stop()


@pytest.fixture(scope="session")
def told(cloud):
    """What the API's function is told by its environment."""
    return cloud.through(f"{cloud.outputs['SiteUrl']}/config.json").json()["environment"]

"""The functions as they are deployed, and the stack as its callers know it."""

import io
import json
import os
import re
import stat
import zipfile
from pathlib import Path

import pytest

from . import template


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


def archives():
    """Both functions' code."""
    return {"qdn-lambda-api.zip": archive("QDN_LAMBDA_API"), "qdn-lambda-photo.zip": archive("QDN_LAMBDA_PHOTO")}


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

"""MiniStack as a process of the tests' own, and the stack in it."""

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
import requests
from botocore.config import Config

from . import template
from .local_copy import local_copy

READY_SECONDS_MAX = 60
STACK_SECONDS_MAX = 120
LAUNCH = Path(__file__).with_name("launch.py")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cloud:
    """A local AWS that enforces policies, signatures and API keys."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log_path, self.calls_path = self.folder / "log", self.folder / "calls"
        self.process = None
        self.outputs, self.told, self.events_seen = {}, [], 0
        # Numbers of calls that were made on purpose without a permission.
        self.excused = set()

    def start(self):
        # The functions inherit what MiniStack is given.
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
        settings = {
            "AUTH": "true", "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "GATEWAY_PORT": str(self.port),
            "AWS_ENDPOINT_URL": self.url, "TMPDIR": str(self.folder), "STATE_DIR": str(self.folder / "state"),
            "QDN_CALLS": str(self.calls_path), "PYTHONUNBUFFERED": "1",
        }
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, LAUNCH], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=kept | settings
            )
        until = time.monotonic() + READY_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    pytest.fail(f"MiniStack was not ready in time; it said: {self.log()[-4000:]}")
                time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    def log(self):
        return self.log_path.read_text(errors="replace")

    def client(self, service, credentials=None, **config):
        """boto3 as the account's root, or with the credentials of a function: key, secret, session."""
        key, secret, session = credentials or ("test", "test", None)
        settings = {"retries": {"total_max_attempts": 1}, **config}
        if service == "s3":
            settings = {"s3": {"addressing_style": "path"}, "signature_version": "s3v4", **settings}
        return boto3.client(
            service, endpoint_url=self.url, region_name=template.REGION, aws_access_key_id=key,
            aws_secret_access_key=secret, aws_session_token=session, config=Config(**settings),
        )

    def deploy(self, archives, given=None):
        """Creates the stack of the template with these archives as the functions' code, and gives its outputs."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket="qdn-code")
        for name, archive in archives.items():
            s3.put_object(Bucket="qdn-code", Key=name, Body=archive)
        self.client("cloudformation").create_stack(**self.request(given))
        assert self.settled() == ("CREATE_COMPLETE", [])
        return self.outputs

    def update(self, given, further=None):
        """Deploys the stack again with other parameters, and perhaps further resources. Gives its status and what failed."""
        self.client("cloudformation").update_stack(**self.request(given, further))
        return self.settled()

    def request(self, given, further=None):
        """What CloudFormation is asked for."""
        made, self.told = local_copy(template.translate(template.load(), given), self.port)
        made["Resources"] |= further or {}
        self.client("s3").put_object(Bucket="qdn-code", Key="template.json", Body=json.dumps(made).encode())
        values = template.PARAMETERS | (given or {})
        return {
            "StackName": "qdn", "TemplateURL": f"{self.url}/qdn-code/template.json",
            "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in values.items()],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        }

    def settled(self):
        """Waits for the stack. Gives its status and what failed since the tests' last look."""
        cloudformation, until = self.client("cloudformation"), time.monotonic() + STACK_SECONDS_MAX
        while True:
            (stack,) = cloudformation.describe_stacks(StackName="qdn")["Stacks"]
            if not stack["StackStatus"].endswith("IN_PROGRESS"):
                break
            assert time.monotonic() < until, "the stack is not done"
            time.sleep(0.2)
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName="qdn")
        events = [event for page in pages for event in page["StackEvents"]]
        seen, self.events_seen = self.events_seen, len(events)
        failed = [
            (event["LogicalResourceId"], event.get("ResourceStatusReason"))
            for event in events[:len(events) - seen] if "FAILED" in event["ResourceStatus"]
        ]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return stack["StackStatus"], failed

    @property
    def api(self):
        """The API's address in MiniStack, past the distribution."""
        api_id = self.outputs["ApiUrl"].removeprefix("https://").split(".")[0]
        return f"{self.url}/_aws/execute-api/{api_id}/prod"

    def through(self, url, method="GET", headers=None, **rest):
        """Asks one of the distributions, as a browser would by its name."""
        host, _, path = url.removeprefix("https://").partition("/")
        headers = {"Host": host, "X-Forwarded-Proto": "https"} | (headers or {})
        with requests.Session() as session:
            session.trust_env = False
            return session.request(
                method, f"{self.url}/{path}", headers=headers, timeout=30, allow_redirects=False, **rest
            )

    @contextlib.contextmanager
    def without(self, role, statement):
        """Takes one statement of a role's policy away for a while. What is refused meanwhile is no missing permission."""
        iam, before = self.client("iam"), len(self.calls())
        policy = iam.get_role_policy(RoleName=role, PolicyName="needs")["PolicyDocument"]
        left = [entry for entry in policy["Statement"] if entry["Sid"] != statement]
        assert len(left) == len(policy["Statement"]) - 1, statement
        put = functools.partial(iam.put_role_policy, RoleName=role, PolicyName="needs")
        put(PolicyDocument=json.dumps(policy | {"Statement": left}))
        try:
            yield
        finally:
            put(PolicyDocument=json.dumps(policy))
            self.excused |= set(range(before, len(self.calls())))

    def calls(self):
        """Every question whether somebody may do something: caller, action, resource, context, and the answer."""
        return [json.loads(line) for line in self.calls_path.read_text().splitlines()]

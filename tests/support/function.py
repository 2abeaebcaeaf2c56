"""The API as its functions in Lambda: our programs behind a gateway and a Runtime API on loopback, a local DynamoDB, and the
store of a `qdn serve` in the place of S3."""

import functools
import json
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from support import s3
from support.gateway import Gateway
from support.runtime import Function
from support.server import EmbeddedServer, binary, environment

START_SECONDS_MAX = 60
# Settings of `qdn serve` that the functions have too, by their variables.
VARIABLES = {
    "--upload-expires-seconds": "QDN_UPLOAD_EXPIRES_SECONDS",
    "--photo-bytes-max": "QDN_PHOTO_BYTES_MAX",
    "--delivery-window-seconds": "QDN_DELIVERY_WINDOW_SECONDS",
    "--time-zone": "QDN_TIME_ZONE",
    "--photo-workers": None,
}
KEYS = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]


@functools.cache
def dynamodb_url():
    """A local DynamoDB, one for the whole run."""
    program = os.environ.get("QDN_MINISTACK")
    if not program:
        pytest.fail("QDN_MINISTACK must name the program ministack")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "LOG_LEVEL": "WARNING"}
    running = subprocess.Popen(
        [program], env=environment() | settings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            if running.poll() is not None or time.monotonic() > until:
                pytest.fail("the local DynamoDB was not ready in time")
            time.sleep(0.1)
    _running.append(running)
    return f"http://127.0.0.1:{port}"


_running = []


def end():
    """Ends what was started for the whole run."""
    for process in _running:
        process.terminate()
        process.wait(20)


class FunctionServer:
    """Both functions and what they need, with the face of `EmbeddedServer` to its tests."""

    def __init__(self, folder, *options):
        self.folder = Path(folder)
        # Its store is our S3, and its API the one that ours is compared with.
        self.twin = EmbeddedServer(self.folder, *options)
        self.works = options[options.index("--photo-workers") + 1] != "0" if "--photo-workers" in options else True
        pairs = zip(options[::2], options[1::2], strict=True)
        self.variables = {VARIABLES[name]: value for name, value in pairs if VARIABLES[name]}
        self.ready = {}
        self.ended = threading.Event()

    def start(self):
        twin = self.twin.start().ready
        table = f"qdn-{self.folder.name}-{time.monotonic_ns()}"
        self.dynamodb = boto3.client(
            "dynamodb", endpoint_url=dynamodb_url(), region_name=twin["region"], aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(retries={"total_max_attempts": 1}),
        )
        self.table = table
        self.create_table()
        variables = {
            "AWS_REGION": twin["region"], "AWS_ACCESS_KEY_ID": twin["access_key_id"],
            "AWS_SECRET_ACCESS_KEY": twin["secret_access_key"], "AWS_ENDPOINT_URL_S3": twin["store"],
            "AWS_ENDPOINT_URL": dynamodb_url(), "QDN_TABLE": table, "QDN_BUCKET": twin["bucket"],
            "QDN_APPLICATION_KEY": twin["application_key"], "QDN_LOG": "warn,qdn=info",
        } | self.variables
        programs = Path(binary()).parent
        # The gateway's address is known once it listens, and the function is told it when it starts.
        self.gateway = Gateway(lambda event: self.api_function.invoke(event), routes())
        variables["QDN_PUBLIC_URL"] = self.gateway.origin
        self.photo_function = Function(
            str(programs / "qdn-lambda-photo"), self.folder / "photo.log", variables, seconds=300
        )
        self.api_function = Function(str(programs / "qdn-lambda-api"), self.folder / "api.log", variables)
        staff = token_of(self.photo_function.invoke({"qdn": "setup"}))
        self.ready = twin | {"api": self.gateway.origin, "tokens": {"staff": staff}}
        self.add_sample_job()
        if self.works:
            threading.Thread(target=self.keep_working, daemon=True).start()
        return self

    def create_table(self):
        names = ["pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"]
        self.dynamodb.create_table(
            TableName=self.table, BillingMode="PAY_PER_REQUEST", KeySchema=KEYS,
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": index, "Projection": {"ProjectionType": "ALL"},
                    "KeySchema": [{**key, "AttributeName": index + key["AttributeName"]} for key in KEYS],
                }
                for index in ("gsi1", "gsi2")
            ],
        )

    def add_sample_job(self):
        from support import caller

        staff = caller.staff(self)
        job = self.ready["sample_job_id"]
        staff.new_job(job_id=job)
        for role in ("crew", "customer"):
            self.ready["tokens"][role], _ = self.add_link(role, "--job", job)

    def keep_working(self):
        """Nobody tells the photo function what this store stores: its schedule is a short one."""
        while not self.ended.wait(0.1):
            self.photo_function.invoke({"qdn": "sweep"})

    def stop(self):
        self.ended.set()
        # A call of the schedule may be on its way.
        with self.photo_function.turn:
            self.photo_function.stop()
        self.api_function.stop()
        self.gateway.stop()
        return self.twin.stop()

    def log(self):
        return self.api_function.log() + self.photo_function.log()

    def operate(self, command, **fields):
        """A command of the operator."""
        return self.photo_function.invoke({"qdn": command} | {name: value for name, value in fields.items() if value is not None})

    def add_key(self, name, *options):
        given = fields(options)
        rate = given.get("requests-per-minute-max")
        return self.operate(
            "add_key", name=name, role=given.get("role"), job=given.get("job"),
            origins=[value for option, value in pairs(options) if option == "origin"],
            requests_per_minute_max=int(rate) if rate else None,
        )["key"]

    def revoke_key(self, name):
        applications = self.operate("list_keys")["applications"]
        (application,) = [entry for entry in applications if entry["name"] == name and not entry["revoked"]]
        self.operate("revoke_key", application_id=application["application_id"])

    def listed_keys(self):
        return json.dumps(self.operate("list_keys"))

    def add_link(self, role, *options, age=None):
        """A new link's token and id; one with an age has expired when this returns."""
        given = fields([option for option in options if option != "--may-upload"])
        seconds = int(given["days"]) * 86_400 if "days" in given else None
        made = self.operate(
            "add_link", role=role, job=given.get("job"), seconds=seconds, may_upload="--may-upload" in options
        )
        if age:
            self.expire(made["link_id"])
        return token_of(made), made["link_id"]

    def expire(self, link_id):
        """Sets the end of a link to the moment before this one."""
        (item,) = [item for item in self.items() if item.get("link_id") == {"S": link_id} and "expires_at" in item]
        self.dynamodb.update_item(
            TableName=self.table, Key={name: item[name] for name in ("pk", "sk")},
            UpdateExpression="SET expires_at = :now", ExpressionAttributeValues={":now": {"N": str(int(time.time() * 1000) - 1)}},
        )

    def revoke_link(self, link_id):
        self.operate("revoke_link", link_id=link_id)

    def database_bytes(self):
        return json.dumps(self.items(), default=str).encode()

    def object_files(self):
        self.wait_for_renditions()
        return self.twin.object_files()

    @property
    def process(self):
        return self.api_function.process

    api = EmbeddedServer.api
    store = EmbeddedServer.store
    bucket = EmbeddedServer.bucket
    application_key = EmbeddedServer.application_key
    tokens = EmbeddedServer.tokens

    def items(self):
        """Every item of the table."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def wait_for_renditions(self):
        """Until no photo waits for the processor."""
        until = time.monotonic() + 60
        while any("process_after" in item for item in self.items()):
            assert time.monotonic() < until, "photos wait for the processor for too long"
            time.sleep(0.05)

    def staged_files(self):
        """What lies in the store's folder of unfinished uploads."""
        self.wait_for_renditions()
        return self.twin.staged_files()

    def census(self):
        """Everything that is stored, to be compared before and after."""
        self.wait_for_renditions()
        objects = s3.all_keys(s3.client(self), self.bucket)
        return {"objects": objects, "items": sorted(item["pk"]["S"] + " " + item["sk"]["S"] for item in self.items())}


def pairs(options):
    """Flags of the command line, without their dashes, and their values."""
    return [(flag.removeprefix("--"), value) for flag, value in zip(options[::2], options[1::2], strict=True)]


def fields(options):
    return dict(pairs(options))


def token_of(made):
    return re.search(r"#t=([^&]+)", made["url"])[1]


@functools.cache
def routes():
    description = Path(__file__).parents[2] / "crates/app/openapi.json"
    return [*json.loads(description.read_text())["paths"], "/openapi.json"]

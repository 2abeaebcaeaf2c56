"""What boto3's signatures cost: reads the inputs as JSON, prints nanoseconds per signature and the signatures."""

import datetime
import json
import sys
import time

import boto3
import botocore.auth
import botocore.signers
from botocore.config import Config

ROUNDS, PER_ROUND = 60, 50


def main():
    given = json.load(sys.stdin)
    moment = datetime.datetime.fromtimestamp(given["now"], datetime.timezone.utc).replace(tzinfo=None)
    for module in (botocore.auth, botocore.signers):
        module.get_current_datetime = lambda remove_tzinfo=True: moment
    client = boto3.client(
        "s3",
        endpoint_url=given["origin"],
        region_name=given["region"],
        aws_access_key_id=given["access_key_id"],
        aws_secret_access_key=given["secret_access_key"],
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    names = {"Bucket": given["bucket"], "Key": given["key"]}
    expires = given["expires_seconds"]

    def get():
        return client.generate_presigned_url("get_object", Params=names, ExpiresIn=expires)[-64:]

    def put():
        return client.generate_presigned_url("put_object", Params=names | given["put"], ExpiresIn=expires)[-64:]

    def post():
        form = client.generate_presigned_post(
            given["bucket"], given["key"], Fields=given["fields"], Conditions=given["conditions"], ExpiresIn=expires
        )
        return form["fields"]["x-amz-signature"]

    report = {"version": boto3.__version__}
    for action in (get, put, post):
        report[action.__name__] = {"ns": nanoseconds(action), "signature": action()}
    json.dump(report, sys.stdout)


def nanoseconds(action):
    """The best of several rounds."""
    rounds = []
    for _ in range(ROUNDS):
        start = time.perf_counter_ns()
        for _ in range(PER_ROUND):
            action()
        rounds.append((time.perf_counter_ns() - start) / PER_ROUND)
    return min(rounds)


main()

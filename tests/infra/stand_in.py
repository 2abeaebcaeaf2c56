#!/usr/bin/env python3
"""A function of a few lines in the place of ours: it answers a request with what it was told, so that a test sees what
reaches it and as whom it runs; of a batch of messages it fails those that say so."""

import json
import os
import urllib.request

RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def answer(event):
    if "httpMethod" in event:
        body = json.dumps({"event": event, "environment": dict(os.environ)})
        headers = {"content-type": "application/json", "set-cookie": "__Host-seen=1; Path=/; Secure; HttpOnly"}
        return {"statusCode": 200, "headers": headers, "body": body, "isBase64Encoded": False}
    if event == {"qdn": "setup"}:
        return {"url": "https://photos.example.com/dashboard/#t=qdn_t_first"}
    failed = [record["messageId"] for record in event.get("Records", []) if "poison" in record["body"]]
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def main():
    while True:
        with urllib.request.urlopen(f"{RUNTIME}/next") as taken:
            event, name = json.load(taken), taken.headers["Lambda-Runtime-Aws-Request-Id"]
        said = json.dumps(answer(event)).encode()
        urllib.request.urlopen(urllib.request.Request(f"{RUNTIME}/{name}/response", said, method="POST")).close()


if __name__ == "__main__":
    main()

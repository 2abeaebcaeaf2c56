"""Every signature of the crate equals botocore's, byte for byte, on random input."""

import pytest

import sign_cases as cases

SIGNERS = 12
CASES_PER_SIGNER = 40


def questions(rng, make):
    """For each case the oracle's question and the function that asks botocore for the answer."""
    for _ in range(SIGNERS):
        signer = cases.signer(rng)
        for _ in range(CASES_PER_SIGNER):
            common = {
                **signer.question,
                "bucket": cases.bucket(rng),
                "now": cases.now(rng),
                "expires_seconds": cases.expires_seconds(rng),
            }
            ask, expected = make(rng, signer.client, common)
            yield {**common, "ask": ask}, expected


def compare(rng, monkeypatch, oracle, make):
    asked, expected = [], []
    for question, botocore_answer in questions(rng, make):
        cases.freeze(monkeypatch, question["now"])
        asked.append(question)
        expected.append(botocore_answer())
    assert len(asked) == SIGNERS * CASES_PER_SIGNER
    for question, ours, theirs in zip(asked, oracle({"s3": question} for question in asked), expected, strict=True):
        assert ours == theirs, question


def presigned(client, operation, params, common):
    return client.generate_presigned_url(operation, Params=params, ExpiresIn=common["expires_seconds"])


def some(rng, choices):
    """A random selection in random order."""
    return rng.sample(choices, rng.randint(0, len(choices)))


def get_case(rng, client, common):
    key = cases.key(rng)
    overrides = some(rng, [
        ("ResponseContentType", "response-content-type", cases.text(rng)),
        ("ResponseContentDisposition", "response-content-disposition", cases.text(rng)),
        ("ResponseCacheControl", "response-cache-control", "private, max-age=600"),
        ("VersionId", "versionId", cases.text(rng)),
    ])
    params = {"Bucket": common["bucket"], "Key": key} | {name: value for name, _, value in overrides}
    ask = {"get": {"key": key, "query": [[name, value] for _, name, value in overrides]}}
    return ask, lambda: {"url": presigned(client, "get_object", params, common)}


def put_case(rng, client, common):
    key = cases.key(rng)
    chosen = some(rng, [
        ("ContentType", "Content-Type", rng.choice(["image/jpeg", "image/heic", 'text/plain;  charset="utf-8"'])),
        ("ContentLength", "Content-Length", rng.choice([0, 1, 4_194_304, 5_368_709_120])),
        ("IfNoneMatch", "If-None-Match", "*"),
        ("ChecksumSHA256", "x-amz-checksum-sha256", cases.sha256_base64(rng)),
        ("CacheControl", "Cache-Control", cases.ascii_text(rng)),
        ("ContentDisposition", "Content-Disposition", cases.ascii_text(rng)),
        ("StorageClass", "x-amz-storage-class", "STANDARD_IA"),
    ])
    metadata = {name: cases.ascii_text(rng) for name in some(rng, ["phase", "Taken-At", "a", "zz_1"])}
    params = {"Bucket": common["bucket"], "Key": key} | {name: value for name, _, value in chosen}
    if metadata:
        params["Metadata"] = metadata
    headers = [[header, str(value)] for _, header, value in chosen]
    headers += [[f"x-amz-meta-{name}", value] for name, value in metadata.items()]
    rng.shuffle(headers)
    to_send = sorted([name.lower(), value] for name, value in headers)
    ask = {"put": {"key": key, "headers": headers}}
    return ask, lambda: {"url": presigned(client, "put_object", params, common), "headers": to_send}


def request_case(rng, client, common):
    key, prefix, upload_id = cases.key(rng), cases.text(rng), cases.text(rng)
    operation, method, key, params, query, headers = rng.choice([
        ("head_object", "HEAD", key, {}, [], []),
        ("delete_object", "DELETE", key, {}, [], []),
        ("head_bucket", "HEAD", None, {}, [], []),
        ("create_multipart_upload", "POST", key, {}, [["uploads", ""]], []),
        ("upload_part", "PUT", key, {"PartNumber": 7, "UploadId": upload_id},
         [["partNumber", "7"], ["uploadId", upload_id]], []),
        ("abort_multipart_upload", "DELETE", key, {"UploadId": upload_id}, [["uploadId", upload_id]], []),
        ("list_objects_v2", "GET", None, {"Prefix": prefix, "MaxKeys": 5, "Delimiter": "/"},
         [["list-type", "2"], ["prefix", prefix], ["max-keys", "5"], ["delimiter", "/"], ["encoding-type", "url"]], []),
        ("copy_object", "PUT", key, {"CopySource": "source/a%20b"}, [], [["x-amz-copy-source", "source/a%2520b"]]),
        ("get_object", "GET", key, {"Range": "bytes=0-9"}, [], [["Range", "bytes=0-9"]]),
    ])
    params = {"Bucket": common["bucket"]} | ({} if key is None else {"Key": key}) | params
    ask = {"request": {"method": method, "key": key, "query": query, "headers": headers}}
    return ask, lambda: {"url": presigned(client, operation, params, common)}


def post_pins(rng):
    """Pins for the oracle, and the same as boto3's Fields and Conditions."""
    pins = some(rng, [
        {"field": ["Content-Type", rng.choice(["image/jpeg", cases.text(rng)])]},
        {"field": ["x-amz-checksum-sha256", cases.sha256_base64(rng)]},
        {"field": ["success_action_status", rng.choice(["200", "201", "204"])]},
        {"field": ["x-amz-meta-phase", cases.text(rng)]},
        {"field": [f"x-amz-meta-{cases.text(rng, 3)}", cases.text(rng)]},
        {"field": ["acl", "private"]},
        {"starts_with": ["x-amz-meta-tag", rng.choice(["", cases.text(rng)])]},
        {"content_length_range": rng.choice([[0, 0], [123, 123], [1, 26_214_400], [0, 5_368_709_120]])},
    ])
    fields, conditions = {}, []
    for pin in pins:
        (kind, (name, value)), = pin.items()
        if kind == "field":
            fields[name] = value
            conditions.append({name: value})
        elif kind == "starts_with":
            conditions.append(["starts-with", f"${name}", value])
        else:
            conditions.append(["content-length-range", name, value])
    return pins, fields, conditions


def boto3_form(client, key, fields, conditions, common):
    return client.generate_presigned_post(
        common["bucket"], key, Fields=fields, Conditions=conditions, ExpiresIn=common["expires_seconds"]
    )


def post_case(rng, client, common):
    key = cases.key(rng)
    pins, fields, conditions = post_pins(rng)

    def expected():
        form = boto3_form(client, key, fields, conditions, common)
        return {"url": form["url"], "fields": [list(field) for field in form["fields"].items()]}

    return {"post": {"key": key, "pins": pins}}, expected


@pytest.mark.parametrize("make", [get_case, put_case, request_case, post_case])
def test_signatures_equal_botocores(rng, monkeypatch, oracle, make):
    compare(rng, monkeypatch, oracle, make)


def verify_question(rng, signer, monkeypatch):
    """A form that boto3 made, with what must be read from it."""
    common = {
        **signer.question,
        "bucket": cases.bucket(rng),
        "now": cases.now(rng),
        "expires_seconds": cases.expires_seconds(rng),
    }
    key, content_type, phase = cases.key(rng), "image/jpeg", cases.ascii_text(rng)
    fields = {"Content-Type": content_type, "x-amz-meta-Phase": phase}
    smallest = rng.randint(0, 100)
    conditions = [{"content-type": content_type}, ["eq", "$x-amz-meta-phase", phase],
                  ["content-length-range", smallest, 100]]
    cases.freeze(monkeypatch, common["now"])
    form = boto3_form(signer.client, key, fields, conditions, common)
    # A form is good from 15 minutes before its date until the second before its policy ends.
    moment = max(common["now"] + rng.choice([-900, 0, common["expires_seconds"] - 1]), 0)
    question = common | {"now": moment, "ask": {"verify": {"fields": list(form["fields"].items())}}}
    return question, {
        "key": key,
        "content_length": [smallest, 100],
        "content_type": content_type,
        "metadata": [["phase", phase]],
        "expiration": common["now"] + common["expires_seconds"],
    }


def test_forms_that_boto3_makes_are_accepted_until_their_policy_ends(rng, monkeypatch, oracle):
    asked, expected = [], []
    for _ in range(SIGNERS // 2):
        signer = cases.signer(rng)
        for _ in range(CASES_PER_SIGNER):
            question, reading = verify_question(rng, signer, monkeypatch)
            asked += [question, question | {"now": reading["expiration"]}]
            expected += [reading, "AccessDenied"]
    for question, ours, theirs in zip(asked, oracle({"s3": question} for question in asked), expected, strict=True):
        assert ours == theirs or ours.get("code") == theirs, question

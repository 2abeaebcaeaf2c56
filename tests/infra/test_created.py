"""The stack, created in a local AWS that enforces policies: what reaches the functions, and who may what."""

import contextlib
import json
import time

import botocore.exceptions
import promises
import pytest
import requests
from requests.adapters import HTTPAdapter
from support.aws import template
from support.aws.local_copy import KEY_ID
from support.s3 import error

KEY = {"x-api-key": template.PARAMETERS["ApplicationKey"]}
DIFFERENCES = [
    "without SigningPublicKeyA", "without SigningPublicKeyB", "without SigningKeys", "without Budget",
    "without ServerlessDeploymentApplication", "without ApiFunctionDeploymentGroup",
    "PhotosDistribution asks for no signature: the tests' edge does", "QDN_CLOUDFRONT_KEY_ID is the edge's",
    "ApiFunctionAliasqdnDdashboardDprod moves at once", "PhotoFunctionUploads has two functions at once",
    "Api names its binary types twice",
    *(
        f"the answer to {kind} is a resource" for kind in (
            "INVALID_API_KEY", "THROTTLED", "QUOTA_EXCEEDED", "REQUEST_TOO_LARGE", "MISSING_AUTHENTICATION_TOKEN",
            "DEFAULT_5XX",
        )
    ),
    "WebDistribution finds the API at MiniStack's address",
]


def test_the_stack_is_created_but_for_what_is_told(cloud):
    assert cloud.told == DIFFERENCES
    assert cloud.outputs.keys() == promises.OUTPUTS


def test_every_route_reaches_the_function_and_asks_for_its_key(cloud, stack):
    for (path, method), operation in sorted(stack.routes.items()):
        url = cloud.api + promises.pattern(path)
        bare = requests.request(method, url, timeout=30)
        if operation["security"]:
            assert (bare.status_code, bare.json()["code"]) == (401, "application_key_unknown"), (method, path)
            bare = requests.request(method, url, headers=KEY, timeout=30)
        assert bare.status_code == 200, (method, path, bare.text)
        event = bare.json()["event"]
        assert (event["resource"], event["httpMethod"]) == (path, method.upper())
        assert event["path"] == promises.pattern(path)


def test_the_gateways_own_refusals_are_problems_that_pages_can_read(cloud):
    for answer, status, code in [
        (requests.get(f"{cloud.api}/jobs", headers={"x-api-key": "k" * 32}, timeout=30), 401, "application_key_unknown"),
        (requests.get(f"{cloud.api}/nothing", headers=KEY, timeout=30), 404, "not_found"),
    ]:
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert problem["request_id"] and "$" not in problem["request_id"]


def test_the_function_is_told_where_everything_is(cloud, told):
    outputs = cloud.outputs
    wanted = {
        "QDN_TABLE": outputs["TableName"], "QDN_BUCKET": outputs["UploadsBucketName"],
        "QDN_PUBLIC_URL": outputs["SiteUrl"], "QDN_CLOUDFRONT_URL": outputs["PhotosUrl"],
        "QDN_PHOTO_QUEUE_URL": outputs["PhotoQueueUrl"], "QDN_APPLICATION_KEY": KEY["x-api-key"],
        "QDN_CLOUDFRONT_KEY_ID": KEY_ID, "QDN_CLOUDFRONT_KEY_PARAMETER": "/qdn/signing-key-a",
    }
    assert {name: told[name] for name in wanted} == wanted
    assert promises.ENVIRONMENT["ApiFunction"] <= told.keys()


def test_pages_and_api_are_one_origin(cloud):
    site = cloud.outputs["SiteUrl"]
    cloud.client("s3").put_object(Bucket="qdn-pages", Key="track/index.html", Body=b"<p>a page", ContentType="text/html")
    page = cloud.through(f"{site}/track/")
    assert (page.status_code, page.content) == (200, b"<p>a page")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert cloud.outputs["PhotosUrl"] in page.headers["Content-Security-Policy"]
    sent = KEY | {"Cookie": "__Host-qdn-staff=t", "Authorization": "Bearer t", "Origin": site, "x-qdn-role": "staff"}
    answer = cloud.through(f"{site}/jobs?limit=2", headers=sent)
    assert answer.status_code == 200 and "__Host-seen" in answer.headers["Set-Cookie"]
    event = answer.json()["event"]
    heard = {name.lower(): value for name, value in event["headers"].items()}
    assert {name: heard[name.lower()] for name in sent} == sent
    assert heard["host"] != site.removeprefix("https://")
    assert event["queryStringParameters"] == {"limit": "2"}
    assert cloud.through(f"{site}/jobs").status_code == 401
    assert cloud.through(f"{site}/").headers["Location"] == "/dashboard/"
    assert cloud.through(f"{site}/capture/share", "POST", data=b"photo").headers["Location"] == "/capture/?shared=missed"


def test_photos_come_from_their_distribution_alone_and_run_no_script(cloud):
    cloud.client("s3").put_object(
        Bucket="qdn-uploads", Key="jobs/a/photos/evil.svg", Body=b"<svg onload='x'/>", ContentType="image/svg+xml"
    )
    answer = cloud.through(f"{cloud.outputs['PhotosUrl']}/jobs/a/photos/evil.svg")
    assert (answer.status_code, answer.content) == (200, b"<svg onload='x'/>")
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "private, max-age=900, immutable"
    missing = cloud.through(f"{cloud.outputs['PhotosUrl']}/jobs/a/photos/none.jpg")
    assert missing.status_code in (403, 404) and "Cache-Control" not in missing.headers
    # The other distribution is no way to photos, nor is the bucket itself.
    assert requests.get(f"{cloud.url}/qdn-uploads/jobs/a/photos/evil.svg", timeout=30).status_code == 403
    cloud.client("s3").put_object(Bucket="qdn-uploads", Key="elsewhere/a.jpg", Body=b"a")
    assert cloud.through(f"{cloud.outputs['PhotosUrl']}/elsewhere/a.jpg").status_code == 403


@pytest.fixture(scope="module")
def curious(cloud):
    """Somebody of the same account who may do everything with buckets."""
    iam, everything = cloud.client("iam"), {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.create_user(UserName="curious")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_user_policy(UserName="curious", PolicyName="all", PolicyDocument=policy)
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    return cloud.client("s3", (key["AccessKeyId"], key["SecretAccessKey"], None))


def test_whoever_may_read_buckets_still_reads_no_photo(cloud, curious):
    cloud.client("s3").put_object(Bucket="qdn-uploads", Key="jobs/b/photos/a.jpg", Body=b"a")
    assert curious.list_objects_v2(Bucket="qdn-uploads", Prefix="jobs/b/")["KeyCount"] == 1
    assert error(curious.get_object, Bucket="qdn-uploads", Key="jobs/b/photos/a.jpg") == (403, "AccessDenied")


class FromElsewhere(HTTPAdapter):
    """Connections from the address whose requests count as plain HTTP."""

    def init_poolmanager(self, *arguments, **keywords):
        return super().init_poolmanager(*arguments, source_address=("127.0.0.2", 0), **keywords)


@pytest.mark.parametrize("bucket", ["qdn-uploads", "qdn-pages"])
def test_plain_http_to_a_bucket_is_refused(curious, bucket):
    url = curious.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "jobs/c/plain"})
    with requests.Session() as plain, requests.Session() as secure:
        plain.mount("http://", FromElsewhere())
        assert plain.put(url, data=b"a", timeout=30).status_code == 403
        assert secure.put(url, data=b"a", timeout=30).status_code == 200


def credentials(told):
    return told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], told["AWS_SESSION_TOKEN"]


def test_the_apis_role_may_what_the_api_needs_and_no_more(cloud, told):
    as_api = credentials(told)
    s3, bucket = cloud.client("s3", as_api), "qdn-uploads"
    s3.put_object(Bucket=bucket, Key="jobs/d/photos/a.jpg", Body=b"a")
    assert s3.get_object(Bucket=bucket, Key="jobs/d/photos/a.jpg")["Body"].read() == b"a"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="jobs/d/")["KeyCount"] == 1
    s3.delete_object(Bucket=bucket, Key="jobs/d/photos/a.jpg")
    denied = (403, "AccessDenied")
    assert error(s3.put_object, Bucket=bucket, Key="renditions/d/a/thumb", Body=b"a") == denied
    assert error(s3.put_object, Bucket=bucket, Key="elsewhere", Body=b"a") == denied
    assert error(s3.list_objects_v2, Bucket=bucket) == denied
    assert error(s3.list_objects_v2, Bucket=bucket, Prefix="elsewhere/") == denied
    assert error(s3.get_object, Bucket="qdn-pages", Key="track/index.html") == denied
    assert error(s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}) == denied
    table = cloud.client("dynamodb", as_api)
    table.put_item(TableName="qdn", Item={"pk": {"S": "a"}, "sk": {"S": "b"}})
    table.query(
        TableName="qdn", IndexName="gsi1", KeyConditionExpression="gsi1pk = :a", ExpressionAttributeValues={":a": {"S": "a"}}
    )
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        table.scan(TableName="qdn")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        table.delete_table(TableName="qdn")
    cloud.client("sqs", as_api).send_message(QueueUrl=cloud.outputs["PhotoQueueUrl"], MessageBody="{}")
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        cloud.client("sqs", as_api).purge_queue(QueueUrl=cloud.outputs["PhotoQueueUrl"])
    cloud.client("ssm").put_parameter(Name="/qdn/signing-key-a", Type="SecureString", Value="a")
    cloud.client("ssm").put_parameter(Name="/other", Type="SecureString", Value="a")
    ssm = cloud.client("ssm", as_api)
    assert ssm.get_parameter(Name="/qdn/signing-key-a", WithDecryption=True)["Parameter"]["Value"] == "a"
    with pytest.raises(botocore.exceptions.ClientError, match="AccessDenied"):
        ssm.get_parameter(Name="/other", WithDecryption=True)


def settled(check, seconds=60):
    """Waits until a check no longer fails."""
    until = time.monotonic() + seconds
    while True:
        with contextlib.suppress(AssertionError):
            return check()
        if time.monotonic() > until:
            return check()
        time.sleep(0.2)


def test_an_upload_is_told_and_a_photo_that_always_fails_ends_in_the_dead_queue(cloud):
    sqs, queue, dead = cloud.client("sqs"), cloud.outputs["PhotoQueueUrl"], cloud.outputs["DeadPhotoQueueUrl"]
    # So that five tries take seconds.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    s3 = cloud.client("s3")
    for key in ("jobs/e/photos/good.jpg", "jobs/e/photos/poison.jpg", "renditions/e/poison/thumb", "poison.jpg"):
        s3.put_object(Bucket="qdn-uploads", Key=key, Body=b"a")

    def given_up():
        waiting = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        gone = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["All"])["Attributes"]
        counts = [waiting["ApproximateNumberOfMessages"], waiting["ApproximateNumberOfMessagesNotVisible"]]
        assert (counts, gone["ApproximateNumberOfMessages"]) == (["0", "0"], "1")

    settled(given_up)
    (message,) = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10)["Messages"]
    (record,) = json.loads(message["Body"])["Records"]
    assert record["s3"]["object"]["key"] == "jobs/e/photos/poison.jpg"
    assert record["eventName"] == "ObjectCreated:Put"

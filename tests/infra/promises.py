"""What the template promises and no linter sees. Each promise gives the sentences that say how it is broken."""

import fnmatch
import functools
import json
import re
import subprocess

from support.aws.template import ACCOUNT, REGION, ROOT, of_type, resolve, translate

# Reached by plain navigation, or asked by machines: no header can be sent along.
OPEN = {"/config.json", "/healthz", "/readyz", "/openapi.json", "/jobs/{job_id}/photos.zip"}
ENVIRONMENT = {
    "ApiFunction": {
        "QDN_TABLE", "QDN_BUCKET", "QDN_APPLICATION_KEY", "QDN_PUBLIC_URL",
        "QDN_COMPANY_NAME", "QDN_COMPANY_PHONE", "QDN_PHOTO_QUEUE_URL", "QDN_CLOUDFRONT_URL", "QDN_CLOUDFRONT_KEY_ID",
        "QDN_CLOUDFRONT_KEY_PARAMETER", "QDN_PHOTO_BYTES_MAX", "QDN_UPLOAD_EXPIRES_SECONDS",
        "QDN_DELIVERY_WINDOW_SECONDS", "QDN_LOG",
    },
    "PhotoFunction": {
        "QDN_TABLE", "QDN_BUCKET", "QDN_TIME_ZONE", "QDN_PHOTO_SECONDS_MAX", "QDN_PHOTO_BYTES_MAX",
        "QDN_UPLOAD_EXPIRES_SECONDS", "QDN_APPLICATION_KEY", "QDN_PUBLIC_URL", "QDN_LOG",
    },
}
# Read, and left as they are by themselves.
LEFT = {"QDN_PHOTO_MEMORY_MIB", "QDN_REQUESTS_PER_MINUTE_MAX"}
OUTPUTS = {
    "SiteUrl", "SiteAddress", "PhotosUrl", "PhotosAddress", "ApiUrl", "UploadsBucketName", "PagesBucketName",
    "WebDistributionId", "PhotosDistributionId", "ApiFunctionAlias", "PhotoFunctionName", "TableName", "PhotoQueueUrl",
    "DeadPhotoQueueUrl", "UsagePlanId", "ApplicationKeyId", "AlarmTopicArn", "AccessLogName",
}
# The names that people already use.
NAMES = {
    "UploadsBucketName": "qdn-uploads", "ApiRoleName": "qdn-lambda-role", "AliasName": "qdn-dashboard-prod",
    "ApiFunctionName": "qdn-lambda-api", "PhotoFunctionName": "qdn-lambda-photo", "TableName": "qdn",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
CREATED = {f"s3:ObjectCreated:{how}" for how in ("*", "Put", "Post", "Copy", "CompleteMultipartUpload")}
METHODS = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"}
# AWS's own policies, which have no names in a template.
CACHING_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"


class Stack:
    """A template in its three forms."""

    def __init__(self, source):
        self.source = source

    @functools.cached_property
    def translated(self):
        return translate(self.source)

    @functools.cached_property
    def resolved(self):
        return resolve(self.translated)

    def properties(self, name):
        return self.resolved["Resources"][name]["Properties"]

    @property
    def routes(self):
        """Path, method and operation of every route of the API."""
        paths = self.properties("Api")["Body"]["paths"]
        return {(path, method): operation for path, item in paths.items() for method, operation in item.items()}


def described():
    """Path, method and operation of every route that the program describes, and of its description."""
    paths = json.loads((ROOT / "crates/app/openapi.json").read_text())["paths"]
    routes = {(path, method): operation for path, item in paths.items() for method, operation in item.items()}
    return routes | {("/openapi.json", "get"): {"security": [{}]}}


def routes_are_those_of_the_program(stack):
    wanted = set(described())
    wanted |= {(path, "options") for path, _ in wanted}
    for path, method in sorted(wanted - set(stack.routes)):
        yield f"{method} {path} is missing"
    for path, method in sorted(set(stack.routes) - wanted):
        yield f"{method} {path} is nothing that the program answers"


def keys_are_asked_for(stack):
    program = described()
    for (path, method), operation in stack.routes.items():
        free = method == "options" or path in OPEN or program.get((path, method), {}).get("security") == [{}]
        asked = [{"application_key": []}]
        if operation.get("security") != ([] if free else asked):
            yield f"{method} {path} asks {'for a key' if free else 'for no key'}"


def routes_call_the_alias(stack):
    alias = stack.properties("ApiFunctionAliasqdnDdashboardDprod")
    function = stack.properties("ApiFunction")["FunctionName"]
    uri = (
        f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:{alias['Name']}/invocations"
    )
    for (path, method), operation in stack.routes.items():
        if operation["x-amazon-apigateway-integration"]["uri"] != uri:
            yield f"{method} {path} calls something else"
    permission = stack.properties("ApiFunctionPermission")
    if permission["FunctionName"] != "<ApiFunctionAliasqdnDdashboardDprod>":
        yield "API Gateway may call something else than the alias"
    if permission["SourceArn"] != f"arn:aws:execute-api:{REGION}:{ACCOUNT}:<Api>/prod/*":
        yield f"the alias may be called by {permission['SourceArn']}"


def refusals_of_the_gateway_are_problems(stack):
    responses = stack.properties("Api")["Body"]["x-amazon-apigateway-gateway-responses"]
    needed = {"INVALID_API_KEY": 401, "THROTTLED": 429, "QUOTA_EXCEEDED": 429, "DEFAULT_5XX": 500}
    for name in needed.keys() - responses.keys():
        yield f"{name} is answered in AWS's words"
    for name, response in responses.items():
        body = json.loads(response["responseTemplates"]["application/json"])
        if body["status"] != response.get("statusCode", needed.get(name)):
            yield f"{name} says {body['status']} and is another status"
        if response["responseParameters"]["gatewayresponse.header.Content-Type"] != "'application/problem+json'":
            yield f"{name} does not say that it is a problem"
        if body["type"] != f"/problems/{body['code']}" or body["request_id"] != "$context.requestId":
            yield f"{name} is no problem of ours"


def functions_are_told_what_they_read(stack):
    for name, wanted in ENVIRONMENT.items():
        told = stack.properties(name)["Environment"]["Variables"]
        for variable in wanted ^ told.keys():
            yield f"{name}: {variable} is {'missing' if variable in wanted else 'unknown'}"


def each_photo_has_the_functions_time(stack):
    """What the function does not begin counts as a try, so it is told of one photo at a time."""
    if stack.properties("PhotoFunctionUploads")["BatchSize"] != 1:
        yield "a photo waits for another, and is counted as tried"
    function = stack.properties("PhotoFunction")
    code = (ROOT / "crates/app/src/lambda/photo.rs").read_text()
    reserve = int(re.search(r"const RESERVE: Duration = Duration::from_secs\((\d+)\)", code)[1])
    if 2 * int(function["Environment"]["Variables"]["QDN_PHOTO_SECONDS_MAX"]) + reserve > function["Timeout"]:
        yield "there is no time for the slowest photo"
    if 2 * stack.source["Parameters"]["PhotoSecondsMax"]["MaxValue"] + reserve > function["Timeout"]:
        yield "PhotoSecondsMax may be set too high"


def what_needs_no_key_has_a_rate_of_its_own(stack):
    """Whoever asks for it uses up nobody else's rate. `/config.json` is what every page asks for first; the archive is for
    whoever has a session."""
    (stage,) = of_type(stack.resolved, "AWS::ApiGateway::Stage").values()
    settings = {
        (setting["ResourcePath"].removeprefix("/").replace("~1", "/"), setting["HttpMethod"]): setting
        for setting in stage.get("MethodSettings", [])
    }
    for path in sorted(OPEN - {"/config.json", "/jobs/{job_id}/photos.zip"}):
        if settings.get((path, "GET"), {}).get("ThrottlingRateLimit", 1_000) > 10:
            yield f"{path} has no rate of its own"


def the_api_answers_before_the_gateway_gives_up(stack):
    if stack.properties("ApiFunction")["Timeout"] > 29:
        yield "the function works on when API Gateway has answered"
    origin = stack.properties("WebDistribution")["DistributionConfig"]["Origins"][1]["CustomOriginConfig"]
    if origin["OriginReadTimeout"] <= 29:
        yield "the distribution gives up before API Gateway"


def originals_rest_thirty_days_before_they_move(stack):
    rules = stack.properties("UploadsBucket")["LifecycleConfiguration"]["Rules"]
    moves = [(rule, move) for rule in rules for move in rule.get("Transitions", [])]
    if not moves:
        yield "originals never move to a cheaper class"
    for rule, move in moves:
        if int(move["TransitionInDays"]) < 30:
            yield f"{rule['Id']}: S3 moves nothing into {move['StorageClass']} before 30 days"
        if rule.get("Prefix") != "jobs/":
            yield f"{rule['Id']}: only originals are large enough to move"
    if stack.source["Parameters"]["InfrequentAccessAfterDays"].get("MinValue", 0) < 30:
        yield "InfrequentAccessAfterDays may be set below 30"
    for rule in rules:
        if "Expiration" in rule or "ExpirationInDays" in rule:
            yield f"{rule['Id']}: a photo must never expire"


def uploads_are_told_to_the_queue(stack):
    bucket = stack.properties("UploadsBucket")
    entries = bucket["NotificationConfiguration"]["QueueConfigurations"]
    for entry in entries:
        if entry["Event"] not in CREATED:
            yield f"S3 knows no event {entry['Event']}"
        if entry["Queue"] != "<PhotoQueue.Arn>":
            yield "uploads are told elsewhere"
        if entry["Filter"]["S3Key"]["Rules"] != [{"Name": "prefix", "Value": "jobs/"}]:
            yield "an event of a rendition would make it again"
    if not any(entry["Event"] == "s3:ObjectCreated:*" for entry in entries):
        yield "not every way to upload is told"
    if stack.source["Resources"]["UploadsBucket"].get("DependsOn") != "PhotoQueuePolicy":
        yield "S3 refuses a queue that does not let it in yet"


def photos_are_tried_five_times(stack):
    queue, dead = stack.properties("PhotoQueue"), stack.properties("DeadPhotoQueue")
    if queue["RedrivePolicy"] != {"deadLetterTargetArn": "<DeadPhotoQueue.Arn>", "maxReceiveCount": 5}:
        yield "the queue does not give up after five tries"
    if dead["RedriveAllowPolicy"]["sourceQueueArns"] != [f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue['QueueName']}"]:
        yield "the dead queue takes from another"
    if dead["MessageRetentionPeriod"] <= queue["MessageRetentionPeriod"]:
        yield "what was given up is forgotten first"
    source = stack.properties("PhotoFunctionUploads")
    if source["EventSourceArn"] != "<PhotoQueue.Arn>":
        yield "the function reads another queue"
    if queue["VisibilityTimeout"] < 6 * stack.properties("PhotoFunction")["Timeout"]:
        yield "a photo is tried again while it is worked on"
    watched = [
        alarm for alarm in of_type(stack.resolved, "AWS::CloudWatch::Alarm").values()
        if alarm["Dimensions"] == [{"Name": "QueueName", "Value": "<DeadPhotoQueue.QueueName>"}]
    ]
    if not any(alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" and alarm["Threshold"] == 1 for alarm in watched):
        yield "nobody hears of a photo that was given up"


def the_sweep_comes_every_ten_minutes(stack):
    rule = stack.properties("PhotoFunctionSweep")
    if rule["ScheduleExpression"] != "rate(10 minutes)" or rule["State"] != "ENABLED":
        yield f"the sweep comes {rule['ScheduleExpression']}"
    if [json.loads(target["Input"]) for target in rule["Targets"]] != [{"qdn": "sweep"}]:
        yield "the sweep says something else"


def alarms_watch_what_there_is(stack):
    function, alias = stack.properties("ApiFunction")["FunctionName"], "qdn-dashboard-prod"
    known = {
        "FunctionName": {function, stack.properties("PhotoFunction")["FunctionName"]},
        "Resource": {f"{function}:{alias}"},
        "ApiName": {stack.properties("Api")["Name"]},
        "Stage": {"prod"},
        "QueueName": {"<PhotoQueue.QueueName>", "<DeadPhotoQueue.QueueName>"},
    }
    for name, alarm in of_type(stack.resolved, "AWS::CloudWatch::Alarm").items():
        for dimension in alarm["Dimensions"]:
            if dimension["Value"] not in known[dimension["Name"]]:
                yield f"{name} watches {dimension['Value']}, which is nothing"
    stops = stack.properties("ApiFunctionDeploymentGroup")["AlarmConfiguration"]["Alarms"]
    if {stop["Name"] for stop in stops} != {"<ApiErrorsAlarm>", "<ApiFailuresAlarm>"}:
        yield "a deployment is stopped by other alarms"


def pattern(path):
    """A path of the API with parts of somebody's own."""
    return re.sub(r"\{(\w+)\}", "x-1", path)


def behaviour_of(stack, path):
    """The behaviour of the web distribution that a path falls to."""
    config = stack.properties("WebDistribution")["DistributionConfig"]
    for behaviour in config["CacheBehaviors"]:
        if fnmatch.fnmatchcase(path, behaviour["PathPattern"]):
            return behaviour
    return config["DefaultCacheBehavior"]


def one_origin_holds_pages_and_api(stack):
    for path in sorted({path for path, _ in described()}):
        behaviour = behaviour_of(stack, pattern(path))
        if behaviour["TargetOriginId"] != "api":
            yield f"{path} is looked for among the pages"
    pages = ["/", "/dashboard", "/dashboard/jobs/1", "/track/", "/capture/sw.js", "/capture/share", "/assets/a-1.js", "/favicon.svg"]
    for path in pages:
        if behaviour_of(stack, path)["TargetOriginId"] != "pages":
            yield f"{path} is asked of the API"
    config = stack.properties("WebDistribution")["DistributionConfig"]
    for behaviour in config["CacheBehaviors"]:
        name = behaviour["PathPattern"]
        if behaviour["TargetOriginId"] == "pages" and name != "/capture/share":
            if behaviour["AllowedMethods"] != ["GET", "HEAD"]:
                yield f"{name} takes more than questions"
            continue
        if behaviour["CachePolicyId"] != CACHING_DISABLED:
            yield f"{name} is cached"
        if set(behaviour["AllowedMethods"]) != METHODS:
            yield f"{name} lacks methods"
        # A redirect would lose what is sent, after it was sent in the open.
        if behaviour["ViewerProtocolPolicy"] != "https-only":
            yield f"{name} is not by TLS only"
        if behaviour["TargetOriginId"] == "api" and behaviour.get("OriginRequestPolicyId") != ALL_VIEWER_EXCEPT_HOST:
            yield f"{name} does not hand on what the browser says"
    if len(config["CacheBehaviors"]) > 24:
        yield "a distribution has 25 behaviours at most"


def failures_are_not_kept(stack):
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html"""
    responses = stack.properties("WebDistribution")["DistributionConfig"].get("CustomErrorResponses", [])
    never = {entry["ErrorCode"] for entry in responses if entry["ErrorCachingMinTTL"] == 0 and len(entry) == 2}
    for code in sorted({400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504} - never):
        yield f"the site's distribution keeps an answer of {code} for everybody"


def distributions_and_buckets_belong_together(stack):
    pairs = {"PhotosDistribution": "UploadsBucket", "WebDistribution": "PagesBucket"}
    for distribution, bucket in pairs.items():
        name = stack.properties(bucket)["BucketName"]
        origin = stack.properties(distribution)["DistributionConfig"]["Origins"][0]
        if origin["DomainName"] != f"{name}.s3.{REGION}.amazonaws.com":
            yield f"{distribution} reads {origin['DomainName']}"
        policy = stack.properties(f"{bucket}Policy")["PolicyDocument"]["Statement"]
        source = f"arn:aws:cloudfront::{ACCOUNT}:distribution/<{distribution}>"
        for statement in policy:
            if statement["Effect"] == "Allow" and statement["Condition"] != {"StringEquals": {"AWS:SourceArn": source}}:
                yield f"{bucket} lets another distribution in"
    allowed = next(s for s in stack.properties("UploadsBucketPolicy")["PolicyDocument"]["Statement"] if s["Effect"] == "Allow")
    if allowed["Resource"] != ["<UploadsBucket.Arn>/jobs/*", "<UploadsBucket.Arn>/renditions/*"]:
        yield "the distribution reads more than photos"


def readers_of_photos_are_named(stack):
    statements = stack.properties("UploadsBucketPolicy")["PolicyDocument"]["Statement"]
    deny = next((s for s in statements if s.get("Sid") == "NobodyElseReads"), None)
    if deny is None:
        yield "whoever may read buckets in this account reads photos"
        return
    readers = ["<ApiRole.Arn>", "<PhotoRole.Arn>", f"arn:aws:iam::{ACCOUNT}:root"]
    if deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"] != readers:
        yield "photos are read by others than the two roles"


def the_pages_policies_are_the_programs(stack):
    text = re.sub(r"\\\n\s+", "", (ROOT / "crates/app/src/http/pages.rs").read_text())
    page, worker = (
        next(policy for policy in re.findall(r'"(default-src [^"]+)"', text) if part in policy)
        for part in ("img-src", "connect-src http:")
    )
    photos, store = "https://<PhotosDistribution.DomainName>", f"https://qdn-uploads.s3.{REGION}.amazonaws.com"
    # In one program photos come from where they go.
    page = re.sub(r"data: \{\w+\}", f"data: {photos}", page)
    page = re.sub(r"connect-src 'self' \{\w+\}", f"connect-src 'self' {photos} {store}", page)
    wanted = {"PagesHeaders": page, "TrackHeaders": page, "WorkerHeaders": worker}
    for name, policy in wanted.items():
        headers = stack.properties(name)["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        if headers["ContentSecurityPolicy"]["ContentSecurityPolicy"] != policy:
            yield f"{name} is not {policy}"
    for path, name in [("/dashboard/", "PagesHeaders"), ("/capture/sw.js", "WorkerHeaders"), ("/track/", "TrackHeaders")]:
        if behaviour_of(stack, path)["ResponseHeadersPolicyId"] != f"<{name}>":
            yield f"{path} has other headers than {name}"


def photos_are_kept_by_browsers_for_one_window(stack):
    window = stack.properties("ApiFunction")["Environment"]["Variables"]["QDN_DELIVERY_WINDOW_SECONDS"]
    code = stack.properties("PhotosKept")["FunctionCode"]
    statuses = (200, 206, 304, 403, 404, 500, 503)
    asked = ", ".join(f"handler({{ response: {{ statusCode: {status}, headers: {{}} }} }})" for status in statuses)
    done = subprocess.run(
        ["node", "-e", f"{code}\nconsole.log(JSON.stringify([{asked}]))"],
        capture_output=True, text=True, timeout=30, check=True,
    )
    for status, answer in zip(statuses, json.loads(done.stdout), strict=True):
        kept = {"cache-control": {"value": f"private, max-age={window}, immutable"}} if status < 400 else {}
        if answer["headers"] != kept:
            yield f"a browser keeps a photo answered with {status} for another time than its URL is handed out"
    asked = stack.properties("PhotosDistribution")["DistributionConfig"]["DefaultCacheBehavior"].get("FunctionAssociations")
    if asked != [{"EventType": "viewer-response", "FunctionARN": "<PhotosKept.FunctionARN>"}]:
        yield "browsers are not told how long to keep a photo"


def the_budget_warns_before_it_is_spent(stack):
    notes = [entry["Notification"] for entry in stack.properties("Budget")["NotificationsWithSubscribers"]]
    if not any(note["NotificationType"] == "ACTUAL" and note["Threshold"] < 100 for note in notes):
        yield "the budget is told of when it is spent"


def names_are_as_agreed(stack):
    for name, wanted in NAMES.items():
        if stack.source["Parameters"][name]["Default"] != wanted:
            yield f"{name} is not {wanted} by itself"
    named = {"AWS::S3::Bucket": "BucketName", "AWS::IAM::Role": "RoleName", "AWS::SQS::Queue": "QueueName"}
    for resource_name, resource in stack.source["Resources"].items():
        field = named.get(resource["Type"])
        if field and field in resource["Properties"] and "Ref" not in resource["Properties"][field]:
            yield f"the name of {resource_name} is no parameter"


def parameters_are_used(stack):
    """cfn-lint does not say so of a template that SAM translates."""
    text = json.dumps({name: part for name, part in stack.source.items() if name != "Parameters"})
    for name in stack.source["Parameters"]:
        if f'{{"Ref": "{name}"}}' not in text and f"${{{name}}}" not in text:
            yield f"nobody reads the parameter {name}"


def outputs_are_complete(stack):
    for name in OUTPUTS ^ stack.resolved["Outputs"].keys():
        yield f"output {name} is {'missing' if name in OUTPUTS else 'unknown'}"


PROMISES = [
    routes_are_those_of_the_program, keys_are_asked_for, routes_call_the_alias, refusals_of_the_gateway_are_problems,
    functions_are_told_what_they_read, each_photo_has_the_functions_time, the_api_answers_before_the_gateway_gives_up,
    originals_rest_thirty_days_before_they_move, uploads_are_told_to_the_queue, photos_are_tried_five_times,
    the_sweep_comes_every_ten_minutes, alarms_watch_what_there_is, one_origin_holds_pages_and_api,
    distributions_and_buckets_belong_together, readers_of_photos_are_named, the_pages_policies_are_the_programs,
    photos_are_kept_by_browsers_for_one_window, the_budget_warns_before_it_is_spent, names_are_as_agreed,
    parameters_are_used, outputs_are_complete, failures_are_not_kept, what_needs_no_key_has_a_rate_of_its_own,
]

"""The checks themselves: faults planted in the template, each of which one of them must find."""

import guard
import lint
import pytest
import yaml
from promises import PROMISES, Stack

API = "Resources.Api.Properties.DefinitionBody"
ROLE = "Resources.ApiRole.Properties.Policies.0.PolicyDocument.Statement"
UPLOADS = "Resources.UploadsBucket.Properties"
WEB = "Resources.WebDistribution.Properties.DistributionConfig"

# Fault, what is changed in the template as it is written (None takes a part away), and who must find it: a rule of lint, a
# rule of ours for cfn-guard, or a promise.
FAULTS = [
    ("a property with a slip of the pen", {f"{UPLOADS}.VersionConfiguration": {"Status": "Enabled"}}, "E3002"),
    ("a runtime that does not exist", {"Resources.ApiFunction.Properties.Runtime": "provided.al2025"}, "functions_are_small_and_bounded"),
    ("a reference to nothing", {"Resources.PhotoFunction.Properties.Role": {"Fn::GetAtt": ["PhotosRole", "Arn"]}}, "E1010"),
    ("a circle", {"Resources.PhotosHeaders.DependsOn": "WebDistribution"}, "E3004"),
    ("a parameter that nobody reads", {"Parameters.Colour": {"Type": "String", "Default": "red"}}, "parameters_are_used"),
    ("a billing mode of no kind", {"Resources.Table.Properties.BillingMode": "PAY_PER_QUERY"}, "E3030"),
    ("a number that is none", {"Resources.PhotoQueue.Properties.VisibilityTimeout": "soon"}, "E3012"),
    ("a role that may everything", {f"{ROLE}.0.Resource": "*"}, "roles_may_nothing_on_everything"),
    ("a role that may all of S3", {f"{ROLE}.0.Action": "s3:*"}, "roles_may_nothing_on_everything"),
    ("a list of the whole bucket", {f"{ROLE}.3.Condition": None}, "roles_list_within_a_prefix"),
    ("an open bucket", {f"{UPLOADS}.PublicAccessBlockConfiguration.BlockPublicPolicy": False}, "buckets_are_private"),
    ("plain HTTP to the bucket", {"Resources.UploadsBucketPolicy.Properties.PolicyDocument.Statement.0": None}, "bucket_policies_ask_for_tls"),
    ("no versions", {f"{UPLOADS}.VersioningConfiguration": None}, "buckets_keep_versions"),
    ("no encryption", {f"{UPLOADS}.BucketEncryption": None}, "buckets_are_encrypted"),
    ("uploads from everywhere", {f"{UPLOADS}.CorsConfiguration.CorsRules.0.AllowedOrigins": ["*"]}, "cors_names_origins"),
    ("photos without a signature", {"Resources.PhotosDistribution.Properties.DistributionConfig.DefaultCacheBehavior.TrustedKeyGroups": None}, "photos_need_a_signed_url"),
    ("photos that run scripts", {"Resources.PhotosHeaders.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy": None}, "photos_run_no_script"),
    ("a copy for each signature", {"Resources.PhotosCache.Properties.CachePolicyConfig.ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig.QueryStringBehavior": "all"}, "signatures_are_no_part_of_the_cache_key"),
    ("a table that cannot be restored", {"Resources.Table.Properties.PointInTimeRecoverySpecification": None}, "tables_can_be_restored"),
    ("a table that goes with the stack", {"Resources.Table.DeletionPolicy": "Delete"}, "buckets_and_tables_outlive_the_stack"),
    ("a deployment at one blow", {"Resources.ApiFunction.Properties.DeploymentPreference": None}, "aliases_move_gradually"),
    ("a deployment that nothing stops", {"Resources.ApiFunction.Properties.DeploymentPreference.Alarms": None}, "deployments_roll_back"),
    ("no access log", {"Resources.Api.Properties.AccessLogSetting": None}, "access_is_logged"),
    ("no throttle", {"Resources.Api.Properties.MethodSettings": None}, "stages_throttle"),
    ("one bad photo fails its batch", {"Resources.PhotoFunction.Properties.Events.Uploads.Properties.FunctionResponseTypes": None}, "batches_report_their_failures"),
    ("a log without an end", {"Resources.AccessLog.Properties.RetentionInDays": None}, "logs_end"),
    ("an alarm that nobody hears", {"Resources.DeadPhotosAlarm.Properties.AlarmActions": None}, "alarms_tell_somebody"),
    ("originals that move at once", {f"{UPLOADS}.LifecycleConfiguration.Rules.2.Transitions.0.TransitionInDays": 7}, "originals_rest_thirty_days_before_they_move"),
    ("a setting that lets them move at once", {"Parameters.InfrequentAccessAfterDays.MinValue": 1}, "originals_rest_thirty_days_before_they_move"),
    ("photos that expire", {f"{UPLOADS}.LifecycleConfiguration.Rules.2.ExpirationInDays": 365}, "originals_rest_thirty_days_before_they_move"),
    ("an event that S3 does not know", {f"{UPLOADS}.NotificationConfiguration.QueueConfigurations.0.Event": "s3:ObjectCreate:*"}, "uploads_are_told_to_the_queue"),
    ("renditions that make renditions", {f"{UPLOADS}.NotificationConfiguration.QueueConfigurations.0.Filter.S3Key.Rules.0.Value": ""}, "uploads_are_told_to_the_queue"),
    ("a photo tried for ever", {"Resources.PhotoQueue.Properties.RedrivePolicy.maxReceiveCount": 1000}, "photos_are_tried_five_times"),
    ("a photo tried while it is worked on", {"Resources.PhotoFunction.Properties.Timeout": 600}, "photos_are_tried_five_times"),
    ("a route that is missing", {f"{API}.paths./list_photos": None}, "routes_are_those_of_the_program"),
    ("a method that is missing", {f"{API}.paths./jobs.post": None}, "routes_are_those_of_the_program"),
    ("a route that nobody answers", {f"{API}.paths./admin": {"get": {"security": [{"application_key": []}], "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": "a"}}}}, "routes_are_those_of_the_program"),
    ("a route without a key", {f"{API}.paths./upload-url.post.security": []}, "keys_are_asked_for"),
    ("a preflight that asks for a key", {f"{API}.paths./upload-url.options.security": [{"application_key": []}]}, "keys_are_asked_for"),
    ("a route past the alias", {f"{API}.paths./jobs.get.x-amazon-apigateway-integration.uri": {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${ApiFunctionName}/invocations"}}, "routes_call_the_alias"),
    ("a variable that is missing", {"Resources.ApiFunction.Properties.Environment.Variables.QDN_PHOTO_QUEUE_URL": None}, "functions_are_told_what_they_read"),
    ("a variable with a slip of the pen", {"Resources.PhotoFunction.Properties.Environment.Variables.QDN_TIMEZONE": "UTC"}, "functions_are_told_what_they_read"),
    ("a photo for which there is no time", {"Parameters.PhotoSecondsMax.Default": 60}, "each_photo_has_the_functions_time"),
    ("a photo that waits for another", {"Resources.PhotoFunction.Properties.Events.Uploads.Properties.BatchSize": 5}, "each_photo_has_the_functions_time"),
    ("health that anybody may ask for as often as they like", {"Resources.Api.Properties.MethodSettings.1": None}, "what_needs_no_key_has_a_rate_of_its_own"),
    ("a sweep that says nothing", {"Resources.PhotoFunction.Properties.Events.Sweep.Properties.Input": "{}"}, "the_sweep_comes_every_ten_minutes"),
    ("an alarm on a function of yore", {"Resources.PhotoErrorsAlarm.Properties.Dimensions.0.Value": "qdn-photos"}, "alarms_watch_what_there_is"),
    ("an API path among the pages", {f"{WEB}.CacheBehaviors.3": None}, "one_origin_holds_pages_and_api"),
    ("a cached API", {f"{WEB}.CacheBehaviors.4.CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}, "one_origin_holds_pages_and_api"),
    ("a cookie that does not arrive", {f"{WEB}.CacheBehaviors.8.OriginRequestPolicyId": None}, "one_origin_holds_pages_and_api"),
    ("the bucket of photos as pages", {f"{WEB}.Origins.0.DomainName": {"Fn::Sub": "${UploadsBucketName}.s3.${AWS::Region}.${AWS::URLSuffix}"}}, "distributions_and_buckets_belong_together"),
    ("a wider pages' policy", {"Resources.PagesHeaders.Properties.ResponseHeadersPolicyConfig.SecurityHeadersConfig.ContentSecurityPolicy.ContentSecurityPolicy": "default-src 'none'; script-src 'self'; frame-ancestors 'none'"}, "the_pages_policies_are_the_programs"),
    ("a service worker with a page's policy", {f"{WEB}.CacheBehaviors.1": None}, "the_pages_policies_are_the_programs"),
    ("an API that redirects from plain HTTP", {f"{WEB}.CacheBehaviors.5.ViewerProtocolPolicy": "redirect-to-https"}, "one_origin_holds_pages_and_api"),
    ("another reader of photos", {"Resources.UploadsBucketPolicy.Properties.PolicyDocument.Statement.2.Condition.ArnNotEquals.aws:PrincipalArn": ["arn:aws:iam::000000000000:role/*"]}, "readers_of_photos_are_named"),
    ("another name", {"Parameters.AliasName.Default": "live"}, "names_are_as_agreed"),
    ("a refusal in AWS's words", {f"{API}.x-amazon-apigateway-gateway-responses.THROTTLED": None}, "refusals_of_the_gateway_are_problems"),
    ("a refusal that lies about its status", {f"{API}.x-amazon-apigateway-gateway-responses.INVALID_API_KEY.statusCode": 403}, "refusals_of_the_gateway_are_problems"),
    ("an API that works on for nobody", {"Resources.ApiFunction.Properties.Timeout": 60}, "the_api_answers_before_the_gateway_gives_up"),
    ("photos kept for ever", {"Resources.PhotosKept.Properties.FunctionCode": "function handler(event) { event.response.headers['cache-control'] = { value: 'public, max-age=31536000' }; return event.response; }"}, "photos_are_kept_by_browsers_for_one_window"),
    ("photos that nothing is said of", {"Resources.PhotosDistribution.Properties.DistributionConfig.DefaultCacheBehavior.FunctionAssociations": None}, "photos_are_kept_by_browsers_for_one_window"),
    ("a failure kept for everybody", {f"{WEB}.CustomErrorResponses.6.ErrorCachingMinTTL": 10}, "failures_are_not_kept"),
    ("refusals kept for everybody", {f"{WEB}.CustomErrorResponses": None}, "failures_are_not_kept"),
    ("an output that is missing", {"Outputs.PhotosUrl": None}, "outputs_are_complete"),
    ("a budget told of too late", {"Resources.Budget.Properties.NotificationsWithSubscribers.0.Notification.Threshold": 150}, "the_budget_warns_before_it_is_spent"),
]
NAMES = {promise.__name__: promise for promise in PROMISES}
RULES = {rule for rules in guard.names().values() for rule in rules}


@pytest.fixture(scope="module")
def broken(stack, tmp_path_factory):
    """The rules that each fault breaks, of those that a rule must find: one run of cfn-guard for all of them."""
    faulty = {
        f"fault-{number}": Stack(guard.change(stack.source, changes)).resolved
        for number, (_, changes, finder) in enumerate(FAULTS) if finder in RULES
    }
    return guard.violations(faulty, tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=[fault[0] for fault in FAULTS])
def test_a_planted_fault_is_found(stack, broken, tmp_path, number):
    _, changes, finder = FAULTS[number]
    if finder in RULES:
        assert finder in broken[f"fault-{number}"]
        return
    faulty = Stack(guard.change(stack.source, changes))
    if finder in NAMES:
        assert list(NAMES[finder](faulty)) != []
        return
    path = tmp_path / "faulty.yaml"
    path.write_text(yaml.safe_dump(faulty.source, sort_keys=False))
    assert finder in {complaint.split()[0] for complaint in lint.complaints(path)}


def test_every_promise_has_a_fault_that_it_finds():
    found = {finder for _, _, finder in FAULTS}
    assert NAMES.keys() - found == set()

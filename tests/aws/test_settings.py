"""A changed setting in a local AWS with the real functions: each kind of it is seen by a request that comes through the alias,
a deployment that fails leaves the alias where it was, and a version that was served can be gone back to.

MiniStack moves the alias at once: that CodeDeploy moves it gradually, and back when an alarm rings, only AWS can show."""

import time

import botocore.exceptions
import pytest
import requests
from support import caller as callers
from support.aws import template
from support.aws.cloud import Cloud
from support.aws.edge import Edge, new_key
from support.aws.local_copy import KEY_ID, OTHER_KEY_ID
from support.aws.site import Site, archives
from support.caller import photo_bytes, time_of

FUNCTION, ALIAS = "qdn-lambda-api", "qdn-dashboard-prod"
NEW_KEY = "another-application-key-of-the-pages-2"


class Installation:
    """A stack that is deployed again and again, each time with what was given before."""

    def __init__(self, folder):
        self.cloud = Cloud(folder).start()
        self.keys = {name: new_key() for name in ("/qdn/signing-key-a", "/qdn/signing-key-b", "/qdn/moved")}
        for name, (private, _, _) in self.keys.items():
            self.cloud.client("ssm").put_parameter(Name=name, Type="SecureString", Value=private)
        self.given = {"SigningKeyA": self.keys["/qdn/signing-key-a"][2]}

    def change(self, **changes):
        self.given |= changes
        assert self.cloud.update(self.given) == ("UPDATE_COMPLETE", [])

    def serving(self):
        """The version that the alias names."""
        return self.cloud.client("lambda").get_alias(FunctionName=FUNCTION, Name=ALIAS)["FunctionVersion"]

    def serve(self, version):
        """Moves the alias by hand."""
        self.cloud.client("lambda").update_alias(FunctionName=FUNCTION, Name=ALIAS, FunctionVersion=version)

    def versions(self):
        listed = self.cloud.client("lambda").list_versions_by_function(FunctionName=FUNCTION)["Versions"]
        return [entry["Version"] for entry in listed if entry["Version"] != "$LATEST"]

    def config(self):
        """What pages are told."""
        return requests.get(f"{self.cloud.api}/config.json", timeout=30).json()

    def edge(self, key_id, parameter):
        return Edge(self.cloud, {key_id: self.keys[parameter][1]})


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    running = Installation(tmp_path_factory.mktemp("settings"))
    try:
        running.cloud.deploy(archives(), running.given)
        yield running
    finally:
        running.cloud.stop()


@pytest.fixture(scope="module")
def site(stack):
    site = Site(stack.cloud)
    site.setup()
    return site


@pytest.fixture(scope="module")
def staff(site):
    return callers.staff(site)


@pytest.fixture(scope="module")
def shown(staff):
    """A job with a photo that is ready."""
    job = staff.new_job()
    staff.upload(job, "truck.jpg", photo_bytes("truck"))
    assert [photo["status"] for photo in staff.settled(job)] == ["ready"]
    return job


def lifetime(staff, job):
    """Seconds for which a grant may be used."""
    return time_of(staff.grant(job)["expires_at"]).timestamp() - time.time()


def test_a_text_a_number_and_the_name_of_a_parameter_are_seen_by_the_next_request(stack, staff, shown):
    assert (stack.serving(), stack.config()["company_name"]) == ("1", "QuickDumpNow")
    stack.edge(KEY_ID, "/qdn/signing-key-a").check(staff.photos(shown)[0]["url"])
    assert 600 < lifetime(staff, shown) <= 900
    stack.change(CompanyName="Haul & Sons", UploadExpiresSeconds="120", SigningKeyParameterA="/qdn/moved")
    assert (stack.serving(), stack.config()["company_name"]) == ("2", "Haul & Sons")
    assert 60 < lifetime(staff, shown) <= 120
    stack.edge(KEY_ID, "/qdn/moved").check(staff.photos(shown)[0]["url"])


def test_a_deployment_that_changes_nothing_makes_no_version(stack):
    before = stack.versions()
    with pytest.raises(botocore.exceptions.ClientError, match="No updates are to be performed"):
        stack.change()
    # What the function does not read.
    stack.change(MonthlyBudgetDollars="60", PhotoWorkersMax="6", TimeZone="Europe/Berlin")
    assert stack.versions() == before


def test_the_photo_function_has_what_changed_at_once(stack):
    """It has no alias."""
    stack.change(TimeZone="America/Denver")
    function = stack.cloud.client("lambda").get_function_configuration(FunctionName="qdn-lambda-photo")
    assert function["Environment"]["Variables"]["QDN_TIME_ZONE"] == "America/Denver"


def test_keys_that_sign_take_turns(stack, staff, shown):
    """As docs/operations.md says: B is believed, B signs, A is no longer believed."""
    before = stack.serving()
    stack.change(SigningKeyB=stack.keys["/qdn/signing-key-b"][2])
    assert stack.serving() == before, "it is not read yet"
    stack.change(SigningKey="B")
    assert stack.serving() != before
    stack.change(SigningKeyA="")
    stack.edge(OTHER_KEY_ID, "/qdn/signing-key-b").check(staff.photos(shown)[0]["url"])


def test_the_pages_key_is_replaced(stack, site, staff, shown):
    """As docs/operations.md says."""
    site.tell({"qdn": "add_key", "name": "pages", "key": NEW_KEY})
    stack.change(ApplicationKey=NEW_KEY)
    assert stack.config()["application_key"] == NEW_KEY
    assert staff.get(f"/jobs/{shown}").json()["code"] == "application_key_unknown", "the old key ends"
    staff.headers["x-api-key"] = site.application_key = NEW_KEY
    assert staff.good("GET", f"/jobs/{shown}")["job_id"] == shown


def test_a_restored_table_is_what_requests_see(stack, site, staff, shown):
    """As docs/operations.md says."""
    table = stack.cloud.client("dynamodb")
    table.restore_table_to_point_in_time(SourceTableName="qdn", TargetTableName="qdn-restored", UseLatestRestorableTime=True)
    table.get_waiter("table_exists").wait(TableName="qdn-restored")
    later, before = staff.new_job(), stack.serving()
    stack.change(RestoredTableName="qdn-restored")
    assert staff.good("GET", f"/jobs/{shown}")["job_id"] == shown
    assert staff.get(f"/jobs/{later}").status_code == 404, "it came after the moment that was restored"
    afresh = staff.new_job()
    assert "Item" in found(table, "qdn-restored", afresh) and "Item" not in found(table, "qdn", afresh)
    # While CodeDeploy moves the alias, the version before answers most requests: it still may use its table.
    now = stack.serving()
    stack.serve(before)
    assert staff.good("GET", f"/jobs/{later}")["job_id"] == later
    stack.serve(now)
    assert staff.get(f"/jobs/{later}").status_code == 404


def found(table, name, job):
    return table.get_item(TableName=name, Key={"pk": {"S": f"job#{job}"}, "sk": {"S": "job"}})


def test_memory_and_role_reach_the_version_that_is_served(stack, staff, shown):
    stack.change(ApiRoleName="qdn-another-role", ApiMemoryMiB="640")
    served = stack.cloud.client("lambda").get_function_configuration(FunctionName=FUNCTION, Qualifier=ALIAS)
    assert (served["MemorySize"], served["Role"].split("/")[-1]) == (640, "qdn-another-role")
    before = len(stack.cloud.calls())
    staff.good("GET", f"/jobs/{shown}")
    callers = {who for who, action, *_ in stack.cloud.calls()[before:] if action.startswith("dynamodb:")}
    assert callers and all(":assumed-role/qdn-another-role/" in who for who in callers)


def test_a_deployment_that_fails_leaves_the_alias_on_the_version_before(stack, staff, shown):
    before, name = stack.serving(), stack.config()["company_name"]
    (alias,) = [entry for entry in template.translate(template.load())["Resources"] if "Alias" in entry]
    # Asks for a number that the settings never had, once the alias has moved.
    broken = {
        "Type": "AWS::AppConfig::HostedConfigurationVersion", "DependsOn": [alias],
        "Properties": {
            "ApplicationId": {"Ref": "SettingsApplication"}, "ConfigurationProfileId": {"Ref": "ApiSettingsProfile"},
            "ContentType": "text/plain", "Content": "broken", "LatestVersionNumber": 999,
        },
    }
    status, failed = stack.cloud.update(stack.given | {"CompanyName": "Haul & Daughters"}, {"Broken": broken})
    assert (status, [name for name, _ in failed]) == ("UPDATE_ROLLBACK_COMPLETE", ["Broken"])
    assert (stack.serving(), stack.config()["company_name"]) == (before, name)
    # The same again, without what failed.
    stack.change(CompanyName="Haul & Daughters")
    assert stack.serving() != before
    assert stack.config()["company_name"] == "Haul & Daughters"
    staff.good("GET", f"/jobs/{shown}")


def test_the_alias_can_be_put_back_by_hand(stack):
    """As docs/operations.md says; versions that are no longer served stay."""
    now = stack.serving()
    assert stack.versions()[:2] == ["1", "2"]
    stack.serve("2")
    assert stack.config()["company_name"] == "Haul & Sons"
    stack.serve(now)
    assert stack.config()["company_name"] == "Haul & Daughters"

"""A changed setting is a new version of the API's function: what the alias serves is a version, never the function as it is.

Each parameter in turn is given another value. CloudFormation is modelled by AWS's own schemas of the resources, which cfn-lint
carries: a resource is another one when a property that cannot be updated in place has changed, and then whatever refers to it
has changed too."""

import functools
import hashlib
import json
import os
import shutil
import subprocess

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from guard import change
from support.aws import template

FUNCTION = "ApiFunction"
# Without options and with all, so that parameters which are read under a condition are read.
OPTIONS = {
    "plain": {},
    "full": {
        "SiteDomain": "photos.example.com", "PhotosDomain": "cdn.example.com",
        "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1", "SigningKeyB": "AAAA", "SigningKey": "B",
        "RestoredTableName": "qdn-restored",
    },
}


@functools.cache
def replaced_by(kind):
    """The properties of a type of resource that make another resource when they change."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(template.REGION, kind).schema
    paths = [path.split("/")[2:] for path in schema.get("createOnlyProperties", [])]
    # A part of a property: BudgetName alone.
    return {path[0] for path in paths if len(path) == 1}


class Deployed(template.Resolver):
    """Resolves a template as deployed with some parameters. A reference to a resource is another one when it is replaced."""

    def __init__(self, source, given):
        super().__init__(template.translate(source, given), given)
        self.identities = {}

    def fixed(self, name):
        """The properties of a resource that cannot be updated in place."""
        resource = self.template["Resources"][name]
        wanted = replaced_by(resource["Type"])
        return self.resolve({key: value for key, value in resource.get("Properties", {}).items() if key in wanted})

    def identity(self, name):
        if name not in self.identities:
            text = json.dumps(self.fixed(name), sort_keys=True)
            self.identities[name] = f"<{name} {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
        return self.identities[name]

    def reference(self, name):
        return self.identity(name) if name in self.template["Resources"] else super().reference(name)

    def getatt(self, value):
        name, attribute = value.split(".", 1) if isinstance(value, str) else value
        return f"{self.identity(name)}.{attribute}"

    FUNCTIONS = template.Resolver.FUNCTIONS | {"Fn::GetAtt": getatt}

    @functools.cached_property
    def function(self):
        """The function's properties but its description, which only names their version."""
        properties = self.resolve(self.template["Resources"][FUNCTION]["Properties"])
        return {name: value for name, value in properties.items() if name != "Description"}

    @functools.cached_property
    def description(self):
        return self.resolve(self.template["Resources"][FUNCTION]["Properties"].get("Description"))

    @functools.cached_property
    def version(self):
        """The version that the alias names."""
        (alias,) = [
            resource["Properties"] for resource in self.template["Resources"].values() if resource["Type"] == "AWS::Lambda::Alias"
        ]
        return self.resolve(alias["FunctionVersion"])


def other(entry, now):
    """Another value that a parameter may have."""
    if "AllowedValues" in entry:
        return next(str(value) for value in entry["AllowedValues"] if str(value) != now)
    if entry["Type"] == "Number":
        return str(int(now) + 1)
    return f"{now}x" if now else "other"


def refused(before, after):
    """The resources that would be replaced under a name that the template gives them: CloudFormation refuses that. An alias's
    name is its function's own."""
    for name, resource in before.template["Resources"].items():
        if name not in after.template["Resources"] or resource["Type"] == "AWS::Lambda::Alias":
            continue
        old, new = before.fixed(name), after.fixed(name)
        names = {"Name", resource["Type"].split("::")[-1] + "Name"} & old.keys()
        if old != new and any(old[key] == new[key] for key in names):
            yield name


def deploy_each(source, names=None):
    """Changes parameters one by one, all or those named. Returns those that the function reads, and for each fault those that
    show it."""
    read = set()
    faults = {"not published": set(), "published for nothing": set(), "not published by Lambda": set(), "refused": set()}
    for option, given in OPTIONS.items():
        before = Deployed(source, given)
        for name in names or source["Parameters"]:
            after = Deployed(source, given | {name: other(source["Parameters"][name], before.values[name])})
            reads, published = before.function != after.function, before.version != after.version
            read |= {name} if reads else set()
            # Lambda publishes no version of a function that is unchanged, and CloudFormation fails then. The description
            # differs whenever a version is asked for, even where a value is the same in other words.
            same = before.identity(FUNCTION) == after.identity(FUNCTION) and before.description == after.description
            shown = {
                "not published": reads and not published, "published for nothing": published and not reads,
                "not published by Lambda": published and same, "refused": any(refused(before, after)),
            }
            for fault in (fault for fault, is_shown in shown.items() if is_shown):
                faults[fault].add(f"{name} ({option})")
    return read, faults


def test_every_parameter_that_the_function_reads_makes_a_new_version(stack):
    read, faults = deploy_each(stack.source)
    assert {fault: found for fault, found in faults.items() if found} == {}
    assert {
        "ApplicationKey", "SigningKey", "SigningKeyParameterA", "SigningKeyParameterB", "UploadsBucketName", "TableName",
        "RestoredTableName", "ApiRoleName", "PhotoQueueName", "SiteDomain", "PhotosDomain", "CompanyName", "CompanyPhone",
        "PhotoBytesMax", "UploadExpiresSeconds", "DeliveryWindowSeconds", "ApiMemoryMiB", "Architecture", "LogFilter",
    } <= read


def test_the_settings_list_every_value(stack):
    for given in OPTIONS.values():
        resources = template.resolve(stack.translated, given)["Resources"]
        function = resources[FUNCTION]["Properties"]
        listed = dict(line.split("=", 1) for line in resources["ApiSettings"]["Properties"]["Content"].splitlines())
        variables = {name: str(value) for name, value in function["Environment"]["Variables"].items()}
        assert {name: value for name, value in listed.items() if name.startswith("QDN_")} == variables
        assert [listed["FunctionName"], listed["MemorySize"], listed["Role"], listed["LogGroup"], listed["Architectures"]] == [
            function["FunctionName"], str(function["MemorySize"]), function["Role"],
            function["LoggingConfig"]["LogGroup"], *function["Architectures"],
        ]


PROPERTIES = "Resources.ApiFunction.Properties"
FAULTS = [
    ("not published", "LogDays", {f"{PROPERTIES}.Environment.Variables.QDN_NEW": {"Ref": "LogDays"}}),
    ("not published", "LogDays", {f"{PROPERTIES}.EphemeralStorage": {"Size": {"Ref": "LogDays"}}}),
    ("not published", "LogFilter", {f"{PROPERTIES}.VersionDescription": None}),
    ("not published by Lambda", "LogFilter", {f"{PROPERTIES}.Description": "The API of qdn."}),
    ("published for nothing", "LogFilter", {f"{PROPERTIES}.Environment.Variables.QDN_LOG": "info"}),
    ("refused", "ApplicationKey", {"Resources.PagesApplicationKey.Properties.Name": "qdn-pages"}),
]


@pytest.mark.parametrize(("fault", "parameter", "changed"), FAULTS, ids=lambda value: ", ".join(value) if isinstance(value, dict) else "")
def test_a_planted_fault_is_found(stack, fault, parameter, changed):
    _, faults = deploy_each(change(stack.source, changed), [parameter])
    assert faults[fault] == {f"{parameter} (plain)", f"{parameter} (full)"}


def test_a_deployment_that_changes_nothing_makes_no_version(stack):
    for given in OPTIONS.values():
        first, again = Deployed(stack.source, given), Deployed(stack.source, given)
        assert (first.version, first.function) == (again.version, again.function)


def test_a_packaged_template_publishes_the_same(cloud, stack, tmp_path):
    """As `sam deploy` and `aws cloudformation package` leave it, for whoever deploys without either."""
    (tmp_path / "infra").mkdir()
    (tmp_path / "target/lambda").mkdir(parents=True)
    shutil.copy(template.PATH, tmp_path / "infra/template.yaml")
    for name in ("qdn-lambda-api.zip", "qdn-lambda-photo.zip"):
        (tmp_path / "target/lambda" / name).write_bytes(b"a program")
    packaged = tmp_path / "packaged.yaml"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ENDPOINT_URL": cloud.url, "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": template.REGION,
    }
    subprocess.run(
        [
            os.environ["QDN_AWS_CLI"], "cloudformation", "package", "--template-file", "infra/template.yaml",
            "--s3-bucket", "qdn-code", "--output-template-file", packaged,
        ],
        cwd=tmp_path, env=environment, timeout=120, check=True, capture_output=True,
    )
    for given in OPTIONS.values():
        ours = Deployed(stack.source, given)
        theirs = Deployed(template.load(packaged), given)
        code = theirs.function.pop("Code")
        assert code != ours.function.pop("Code")
        assert (theirs.function, theirs.description) == (ours.function, ours.description)
        assert Deployed(template.load(packaged), given | {"CompanyName": "Another"}).version != theirs.version


def test_versions_outlive_their_turn_so_that_one_can_go_back(stack):
    (version,) = [
        resource for resource in stack.translated["Resources"].values() if resource["Type"] == "AWS::Lambda::Version"
    ]
    assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_descriptions_have_room(stack):
    """Lambda takes 256 characters; the number is all that grows."""
    known = {"ApiSettings.VersionNumber": "9" * 19}
    resources = template.resolve(stack.translated, known=known)["Resources"]
    described = [
        resource["Properties"]["Description"] for resource in resources.values()
        if resource["Type"] in ("AWS::Lambda::Function", "AWS::Lambda::Version")
    ]
    assert len(described) == 3
    assert all(len(text) < 100 for text in described)


def test_what_calls_the_photo_function_calls_it_as_it_is(stack):
    """It has no alias: a changed setting is used by the next photo. Nothing may call a version, which would stay behind."""
    plain = {"<PhotoFunction>", "<PhotoFunction.Arn>"}
    assert stack.properties("PhotoFunctionUploads")["FunctionName"] in plain
    assert {target["Arn"] for target in stack.properties("PhotoFunctionSweep")["Targets"]} <= plain
    assert stack.resolved["Outputs"]["PhotoFunctionName"] in plain
    assert not [name for name in stack.translated["Resources"] if name.startswith(("PhotoFunctionVersion", "PhotoFunctionAlias"))]


def test_the_role_may_use_every_table_that_a_version_under_way_uses(stack):
    arn = "arn:aws:dynamodb:us-east-1:000000000000:table/"
    for given, tables in [
        ({}, ["<Table>"]),
        ({"RestoredTableName": "back"}, ["<Table>", "back"]),
        ({"RestoredTableName": "again", "FormerTableName": "back"}, ["<Table>", "again", "back"]),
    ]:
        role = template.resolve(stack.translated, given)["Resources"]["ApiRole"]["Properties"]
        allowed = {statement["Sid"]: statement["Resource"] for statement in role["Policies"][0]["PolicyDocument"]["Statement"]}
        assert allowed["UseRecords"] == [f"{arn}{name}" for name in tables]
        assert allowed["FindRecords"] == [f"{arn}{name}/index/{index}" for name in tables for index in ("gsi1", "gsi2")]

"""The template: clean, within our rules, and true to what it promises."""

import json
import os
import re
import subprocess
import tomllib

import guard
import lint
import promises
import pytest
from support.aws import template
from promises import PROMISES

FULL = {
    "SiteDomain": "photos.example.com",
    "PhotosDomain": "cdn.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "OtherOrigins": "https://dashboard.example.com,https://test.example.com",
    "SigningKeyB": "TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FC",
    "OperatorRoleArn": "arn:aws:iam::000000000000:role/operator",
    "ApiGatewayAccount": "no",
}


def test_the_template_and_its_translation_are_clean(stack, tmp_path):
    assert lint.complaints(template.PATH) == []
    assert lint.complaints_of(stack.translated, tmp_path) == []


def test_the_template_keeps_every_rule_with_and_without_its_options(stack, tmp_path):
    variants = {"plain": stack.resolved, "full": template.resolve(stack.translated, FULL)}
    assert guard.violations(variants, tmp_path) == {"plain": set(), "full": set()}


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_template_keeps_its_promise(stack, promise):
    assert list(promise(stack)) == []


@pytest.mark.parametrize(
    ("given", "group", "signer", "parameter"),
    [
        ({}, ["<SigningPublicKeyA>"], "<SigningPublicKeyA>", "/qdn/signing-key-a"),
        ({"SigningKeyB": "AAAA"}, ["<SigningPublicKeyA>", "<SigningPublicKeyB>"], "<SigningPublicKeyA>", "/qdn/signing-key-a"),
        (
            {"SigningKeyB": "AAAA", "SigningKey": "B"},
            ["<SigningPublicKeyA>", "<SigningPublicKeyB>"], "<SigningPublicKeyB>", "/qdn/signing-key-b",
        ),
        ({"SigningKeyA": "", "SigningKeyB": "AAAA", "SigningKey": "B"}, ["<SigningPublicKeyB>"], "<SigningPublicKeyB>", "/qdn/signing-key-b"),
    ],
    ids=["A alone", "B is believed too", "B signs", "B alone"],
)
def test_keys_take_turns(stack, given, group, signer, parameter):
    resources = template.resolve(stack.translated, given)["Resources"]
    variables = resources["ApiFunction"]["Properties"]["Environment"]["Variables"]
    assert resources["SigningKeys"]["Properties"]["KeyGroupConfig"]["Items"] == group
    assert all(name.strip("<>") in resources for name in group)
    assert (variables["QDN_CLOUDFRONT_KEY_ID"], variables["QDN_CLOUDFRONT_KEY_PARAMETER"]) == (signer, parameter)


def test_a_key_that_is_not_given_cannot_sign(stack):
    (rule,) = stack.source["Rules"]["OneKeyAtLeastSigns"]["Assertions"]
    for given, holds in [({}, True), ({"SigningKey": "B"}, False), ({"SigningKeyA": ""}, False)]:
        assert template.Resolver(stack.translated, given).judge(rule["Assert"]) is holds, given


def test_a_public_key_is_put_together_line_by_line(stack):
    resources = template.resolve(stack.translated, {"SigningKeyA": "MFkw,Ewgg=="})["Resources"]
    pem = resources["SigningPublicKeyA"]["Properties"]["PublicKeyConfig"]["EncodedKey"]
    assert pem == "-----BEGIN PUBLIC KEY-----\nMFkw\nEwgg==\n-----END PUBLIC KEY-----\n"


def test_pages_of_the_site_and_of_named_origins_may_upload(stack):
    site = "https://<WebDistribution.DomainName>"
    for given, origins in [
        ({}, [site]),
        ({"OtherOrigins": "https://dashboard.example.com"}, [site, "https://dashboard.example.com"]),
        (FULL, ["https://photos.example.com", "https://dashboard.example.com", "https://test.example.com"]),
    ]:
        bucket = template.resolve(stack.translated, given)["Resources"]["UploadsBucket"]["Properties"]
        assert bucket["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] == origins


def test_domains_come_with_a_certificate(stack):
    resources = template.resolve(stack.translated, FULL)["Resources"]
    for name, domain in [("WebDistribution", "photos.example.com"), ("PhotosDistribution", "cdn.example.com")]:
        config = resources[name]["Properties"]["DistributionConfig"]
        assert config["Aliases"] == [domain]
        assert config["ViewerCertificate"]["AcmCertificateArn"] == FULL["CertificateArn"]
    (rule,) = stack.source["Rules"]["DomainsNeedACertificate"]["Assertions"]
    for given, holds in [({}, True), (FULL, True), ({"SiteDomain": "a.example.com"}, False)]:
        assert template.Resolver(stack.translated, given).judge(rule["Assert"]) is holds, given


def test_an_operator_may_be_let_in_to_restore(stack):
    policy = template.resolve(stack.translated, FULL)["Resources"]["UploadsBucketPolicy"]["Properties"]["PolicyDocument"]
    (deny,) = [statement for statement in policy["Statement"] if statement["Sid"] == "NobodyElseReads"]
    assert FULL["OperatorRoleArn"] in deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]


def test_a_restored_table_takes_the_place_of_the_stacks_own(stack):
    own, restored = (template.resolve(stack.translated, given)["Resources"] for given in ({}, {"RestoredTableName": "back"}))
    for resources, name in [(own, "<Table>"), (restored, "back")]:
        for function, role in [("ApiFunction", "ApiRole"), ("PhotoFunction", "PhotoRole")]:
            assert resources[function]["Properties"]["Environment"]["Variables"]["QDN_TABLE"] == name
            statements = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
            named = {statement["Sid"]: statement["Resource"] for statement in statements}
            table = f"arn:aws:dynamodb:us-east-1:000000000000:table/{name}"
            assert table in named["UseRecords"]
            assert {f"{table}/index/gsi1", f"{table}/index/gsi2"} <= set(named["FindRecords"])


def test_the_table_is_the_one_that_the_program_uses(stack):
    """The contract tests run against the definition in table.rs, people's jobs stand in the template's table."""
    code = (template.ROOT / "crates/app/src/db/dynamo/table.rs").read_text()
    words = dict(re.findall(r'pub const (\w+): &str = "(\w+)"', code))
    indexes = re.findall(r'Index \{ name: "(\w+)", partition_key: "(\w+)", sort_key: "(\w+)" \}', code)
    keys = lambda partition, sort: [
        {"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"},
    ]
    table = stack.properties("Table")
    assert stack.source["Parameters"]["TableName"]["Default"] == words["DEFAULT_NAME"]
    assert table["KeySchema"] == keys(words["PARTITION_KEY"], words["SORT_KEY"])
    assert len(indexes) == 2
    assert table["GlobalSecondaryIndexes"] == [
        {"IndexName": name, "KeySchema": keys(partition, sort), "Projection": {"ProjectionType": "ALL"}}
        for name, partition, sort in indexes
    ]
    names = [words["PARTITION_KEY"], words["SORT_KEY"], *(name for index in indexes for name in index[1:])]
    assert table["AttributeDefinitions"] == [{"AttributeName": name, "AttributeType": "S"} for name in names]
    assert table["TimeToLiveSpecification"] == {"AttributeName": words["TTL_ATTRIBUTE"], "Enabled": True}


def test_the_accounts_own_role_for_logs_is_left_alone(stack):
    resources = template.resolve(stack.translated, FULL)["Resources"]
    assert "ApiGatewaySettings" not in resources
    assert "ApiGatewayLogRole" not in resources


ADDRESSES = [
    ("/", {"to": "/dashboard/"}),
    ("/dashboard", {"to": "/dashboard/"}),
    ("/track", {"to": "/track/"}),
    ("/capture/share", {"to": "/capture/?shared=missed"}),
    ("/track/", {"uri": "/track/index.html"}),
    ("/capture/", {"uri": "/capture/index.html"}),
    ("/dashboard/jobs/01J", {"uri": "/dashboard/index.html"}),
    ("/capture/sw.js", {"uri": "/capture/sw.js"}),
    ("/capture/icons/icon-192.png", {"uri": "/capture/icons/icon-192.png"}),
    ("/assets/main-1a2b.js", {"uri": "/assets/main-1a2b.js"}),
    ("/favicon.svg", {"uri": "/favicon.svg"}),
    ("/tracker", {"uri": "/tracker"}),
]


def test_addresses_of_pages_are_those_of_the_program(stack):
    code = stack.properties("PagesAddresses")["FunctionCode"]
    program = f"""{code}
const said = {json.dumps([uri for uri, _ in ADDRESSES])}.map((uri) => {{
  const answer = handler({{ request: {{ method: "GET", uri, headers: {{}} }} }});
  return answer.statusCode === 303 ? {{ to: answer.headers.location.value }} : {{ uri: answer.uri }};
}});
console.log(JSON.stringify(said));"""
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=30, check=True)
    assert json.loads(done.stdout) == [answer for _, answer in ADDRESSES]
    foreign = 'handler({ request: { uri: "/capture/share", headers: { "sec-fetch-site": { value: "cross-site" } } } })'
    program = f"{code}\nconsole.log({foreign}.headers.location.value)"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "/capture/", "a form of another site is no share"
    assert len(code) < 10_240, "CloudFront takes no longer function"


def test_the_functions_read_what_they_are_told_and_nothing_else(stack):
    files = [*(template.ROOT / "crates/app/src/lambda").glob("*.rs"), template.ROOT / "crates/app/src/telemetry.rs"]
    code = "".join(file.read_text().split("#[cfg(test)]")[0] for file in files)
    read = set(re.findall(r'"(QDN_[A-Z_0-9]+)"', code))
    told = {
        name for function in ("ApiFunction", "PhotoFunction")
        for name in stack.properties(function)["Environment"]["Variables"] if name.startswith("QDN_")
    }
    assert len(read) > 10
    assert read - promises.LEFT == told


def test_the_readme_tells_every_variable(stack):
    text = (template.ROOT / "infra/README.md").read_text()
    told = {"ApiFunction": set(), "PhotoFunction": set()}
    for name, api, photo in re.findall(r"^\| `(\w+)` \| (x?) ?\| (x?) ?\|", text, re.MULTILINE):
        told["ApiFunction"] |= {name} if api else set()
        told["PhotoFunction"] |= {name} if photo else set()
    assert told == {name: stack.properties(name)["Environment"]["Variables"].keys() for name in told}


def test_a_deployment_is_one_command(stack):
    settings = tomllib.loads((template.ROOT / "infra/samconfig.toml").read_text())["default"]["deploy"]["parameters"]
    assert os.path.normpath(template.ROOT / settings["template_file"]) == str(template.PATH)
    assert set(settings["capabilities"].split()) == {"CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"}
    given = [entry.split("=", 1)[0] for entry in settings["parameter_overrides"]]
    assert set(given) <= stack.source["Parameters"].keys()
    needed = {name for name, entry in stack.source["Parameters"].items() if "Default" not in entry}
    assert needed | {"Architecture", "SigningKeyA"} == set(given)

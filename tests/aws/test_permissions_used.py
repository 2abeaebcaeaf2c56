"""Each permission of both roles is used, and nothing is used that is not permitted: every statement of the template held
against every call that the functions made in this run. So it stands at the run's end (`conftest.py`)."""

import fnmatch

import pytest
from support.aws import template

ROLES = {"qdn-lambda-role": "ApiRole", "qdn-photo-role": "PhotoRole"}
# Made by AWS in the role's name and not by our code, so that no call of ours shows them.
MADE_BY_LAMBDA = {
    "logs:CreateLogStream", "logs:PutLogEvents", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
}
HERE = f"{template.REGION}:{template.ACCOUNT}"
SPARE = {
    # For some minutes of a rotation only.
    "qdn-lambda-role": {f"arn:aws:ssm:{HERE}:parameter/qdn/signing-key-b"}
    # The jobs of one customer, for tokens of that scope, which nothing mints yet.
    | {f"arn:aws:dynamodb:{HERE}:table/qdn/index/gsi2"},
    "qdn-photo-role": set(),
}


def listed(value):
    return value if isinstance(value, list) else [value]


def statements(cloud, role):
    """A role's statements, intrinsics worked out with the stack's own values."""
    translated = template.translate(template.load())
    queue = f"arn:aws:sqs:{template.REGION}:{template.ACCOUNT}:qdn-photos"
    known = {"PhotoQueue.Arn": queue, "Table": cloud.outputs["TableName"]}
    resources = template.resolve(translated, known=known)["Resources"]
    (policy,) = resources[ROLES[role]]["Properties"]["Policies"]
    return policy["PolicyDocument"]["Statement"]


def made(cloud, role):
    """The calls of a role: action, resource, context, whether it was allowed."""
    caller = f"arn:aws:sts::{template.ACCOUNT}:assumed-role/{role}/"
    for number, (who, action, resource, context, allowed) in enumerate(cloud.calls()):
        if who.startswith(caller) and number not in cloud.excused:
            yield action, resource, context, allowed


def permits(statement, action, resource, context):
    """Whether a statement permits a call, as IAM judges it (of what our statements use)."""
    condition = dict(statement.get("Condition", {}))
    prefixes = condition.pop("StringLike", {}).get("s3:prefix")
    assert not condition, f"this test knows nothing of {condition}"
    if prefixes and not any(fnmatch.fnmatchcase(context.get("s3:prefix", "\0"), pattern) for pattern in prefixes):
        return False
    named = any(fnmatch.fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
    return action in listed(statement["Action"]) and named


@pytest.mark.parametrize("role", ROLES)
def test_no_permission_is_missing(cloud, role):
    calls = list(made(cloud, role))
    assert len(calls) > 20, "the run made hardly a call"
    missing = {(action, resource) for action, resource, _, allowed in calls if not allowed}
    assert missing == set()
    policy = statements(cloud, role)
    elsewhere = {
        (action, resource) for action, resource, context, _ in calls
        if not any(permits(statement, action, resource, context) for statement in policy)
    }
    assert elsewhere == set(), "allowed by something else than the role's statements"


@pytest.mark.parametrize("role", ROLES)
def test_no_permission_is_unused(cloud, role):
    calls, unused = list(made(cloud, role)), []
    for statement in statements(cloud, role):
        for action in listed(statement["Action"]):
            if action in MADE_BY_LAMBDA:
                continue
            alone = statement | {"Action": action}
            if not any(permits(alone, *call[:3]) for call in calls):
                unused.append((statement["Sid"], action))
        for resource in listed(statement["Resource"]):
            alone = statement | {"Resource": resource}
            by_lambda = set(listed(statement["Action"])) <= MADE_BY_LAMBDA
            if resource not in SPARE[role] and not by_lambda and not any(permits(alone, *call[:3]) for call in calls):
                unused.append((statement["Sid"], resource))
        for prefix in statement.get("Condition", {}).get("StringLike", {}).get("s3:prefix", []):
            alone = statement | {"Condition": {"StringLike": {"s3:prefix": [prefix]}}}
            if not any(permits(alone, *call[:3]) for call in calls):
                unused.append((statement["Sid"], prefix))
    assert unused == []

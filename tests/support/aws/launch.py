"""Starts MiniStack so that policies can be tested.

Every question whether somebody may do something is written down, with its answer. A request counts as one by TLS, which
MiniStack does not speak by itself, unless it comes from 127.0.0.2. Three things are as AWS has them: the ARN of a role's
session is the role's, who is an AWS service is told, and a batch of messages needs the permission of one."""

import contextvars
import json
import os

from ministack.core import iam_evaluator

PLAIN = "127.0.0.2"

iam_evaluator._request_origin = contextvars.ContextVar("ministack_request_origin", default=("127.0.0.1", True))
iam_evaluator.pin_request_origin = lambda source, _: iam_evaluator._request_origin.set((source, source != PLAIN))

resolve = iam_evaluator._resolve_condition_key


def condition(key, context):
    if key.lower() == "aws:principalisawsservice":
        return str(context.principal_type == "Service").lower()
    if key.lower() == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
        account, role = context.principal_arn.split(":")[4], context.principal_arn.split("/")[1]
        return f"arn:aws:iam::{account}:role/{role}"
    return resolve(key, context)


iam_evaluator._resolve_condition_key = condition

import ministack.app  # noqa: E402: it takes the above by name

answer = iam_evaluator.enforce
record = open(os.environ["QDN_CALLS"], "a", buffering=1)


def enforce(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
    if iam_action.startswith("sqs:"):
        iam_action = iam_action.removesuffix("Batch")
    refusal = answer(access_key_id, iam_action, service, region, resource_arn, service_context)
    caller = (iam_evaluator.resolve_caller_identity(access_key_id or "") or {}).get("userArn", "")
    context = {name: value for name, value in (service_context or {}).items() if isinstance(value, (str, list))}
    record.write(json.dumps([caller, iam_action, resource_arn, context, refusal is None]) + "\n")
    return refusal


iam_evaluator.enforce = enforce
ministack.app.main()

"""The AWS template as data: as written, as SAM translates it, and with every intrinsic worked out."""

import copy
import json
import re
from pathlib import Path

import boto3
import yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

ROOT = Path(__file__).parents[3]
PATH = ROOT / "infra/template.yaml"
REGION, ACCOUNT = "us-east-1", "000000000000"

# What a deployment says at least; values of the tests' own.
PARAMETERS = {
    "ApplicationKey": "test-application-key-of-the-pages-1",
    "AlarmEmail": "alarms@example.com",
    "SigningKeyA": "TUZrd0V3WUhLb1pJemowQ0FRWUlLb1pJemowREFRY0RRZ0FF",
}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms."""


def intrinsic(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if name == "Fn::GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", intrinsic)


def load(path=PATH):
    """The template as it is written, short forms as long ones."""
    return yaml.load(path.read_text(), Loader)


def parameters(template, given=None):
    """The values of all parameters: as given, or their defaults."""
    values = {name: str(entry.get("Default", "")) for name, entry in template["Parameters"].items()}
    return values | PARAMETERS | (given or {})


def translate(template, given=None):
    """What CloudFormation makes of the template and its parameters, by the library that it uses itself. The code's archives
    lie in a bucket, as `sam deploy` leaves them."""
    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function" and isinstance(resource["Properties"]["CodeUri"], str):
            archive = Path(resource["Properties"]["CodeUri"]).name
            resource["Properties"]["CodeUri"] = {"Bucket": "qdn-code", "Key": archive}
    values = {name: value for name, value in (PARAMETERS | (given or {})).items() if name in source["Parameters"]}
    # No policy is named by AWS's name for it, so AWS is asked for none.
    translator = Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION))
    return json.loads(json.dumps(translator.translate(source, values)))


class Resolver:
    """Works out intrinsics. A resource stands for itself as `<Name>` and its attribute as `<Name.Attribute>`, or as what
    `known` says it is."""

    def __init__(self, template, given=None, known=None):
        self.template = template
        self.known = known or {}
        self.values = parameters(template, given) | {
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": "qdn",
        }

    def resolve(self, part):
        if isinstance(part, list):
            done = [self.resolve(entry) for entry in part]
            return [entry for entry in done if entry is not None]
        if not isinstance(part, dict):
            return part
        if len(part) == 1:
            ((name, value),) = part.items()
            if name == "Ref":
                return self.reference(value)
            if name in self.FUNCTIONS:
                return self.FUNCTIONS[name](self, value)
        done = {name: self.resolve(entry) for name, entry in part.items()}
        return {name: entry for name, entry in done.items() if entry is not None}

    def reference(self, name):
        if name == "AWS::NoValue":
            return None
        if name in self.values:
            return self.values[name]
        assert name in self.template["Resources"], f"nothing is called {name}"
        return self.known.get(name, f"<{name}>")

    def getatt(self, value):
        name, attribute = value.split(".", 1) if isinstance(value, str) else value
        assert name in self.template["Resources"], f"nothing is called {name}"
        return self.known.get(f"{name}.{attribute}", f"<{name}.{attribute}>")

    def sub(self, value):
        text, extra = value if isinstance(value, list) else (value, {})
        extra = {name: self.resolve(entry) for name, entry in extra.items()}

        def fill(match):
            name = match[1]
            if name in extra:
                return str(extra[name])
            return str(self.getatt(name) if "." in name else self.reference(name))

        return re.sub(r"\$\{([^}!]+)\}", fill, text)

    def join(self, value):
        return value[0].join(map(str, self.resolve(value[1])))

    def split(self, value):
        return self.resolve(value[1]).split(value[0])

    def choose(self, value):
        return self.resolve(value[1] if self.holds(value[0]) else value[2])

    def holds(self, name):
        return self.judge(self.template["Conditions"][name])

    def judge(self, condition):
        ((name, value),) = condition.items()
        if name == "Condition":
            return self.holds(value)
        if name == "Fn::Equals":
            left, right = self.resolve(value)
            return str(left) == str(right)
        if name == "Fn::Not":
            return not self.judge(value[0])
        return {"Fn::And": all, "Fn::Or": any}[name](self.judge(entry) for entry in value)

    FUNCTIONS = {"Fn::GetAtt": getatt, "Fn::Sub": sub, "Fn::Join": join, "Fn::Split": split, "Fn::If": choose}


def resolve(translated, given=None, known=None):
    """The translated template with every intrinsic worked out and without what its conditions leave out."""
    resolver = Resolver(translated, given, known)
    resources = {
        name: resolver.resolve(resource)
        for name, resource in translated["Resources"].items()
        if "Condition" not in resource or resolver.holds(resource["Condition"])
    }
    outputs = {name: resolver.resolve(entry["Value"]) for name, entry in translated["Outputs"].items()}
    return {"Resources": resources, "Outputs": outputs}


def of_type(resolved, kind):
    """Name and properties of the resources of one type."""
    return {
        name: resource.get("Properties", {})
        for name, resource in resolved["Resources"].items()
        if resource["Type"] == kind
    }

"""Our rules, asked of a template: cfn-guard, in one run for any number of templates."""

import copy
import json
import os
import re
import subprocess
from pathlib import Path

import yaml
from support.aws.template import ROOT

RULES = ROOT / "infra/rules"


def names():
    """The rules by the file that holds them."""
    files = sorted(RULES.glob("*.guard"))
    return {file.stem: re.findall(r"^rule (\w+)", file.read_text(), re.MULTILINE) for file in files}


def fixtures():
    """The fixtures by the file of rules that they belong to."""
    return {file.stem: yaml.safe_load(file.read_text()) for file in sorted((RULES / "fixtures").glob("*.yaml"))}


def violations(templates, folder):
    """For each template, by its name, the rules that it breaks."""
    folder = Path(folder)
    for name, template in templates.items():
        (folder / f"{name}.json").write_text(json.dumps(template))
    done = subprocess.run(
        [
            os.environ["QDN_CFN_GUARD"], "validate", "--rules", RULES, "--data", folder,
            "--structured", "--output-format", "json", "--show-summary", "none",
        ],
        capture_output=True, text=True, timeout=120,
    )
    # A rule that cannot be read is told on standard error, and its file skipped.
    assert done.stderr == "", done.stderr
    assert done.returncode in (0, 19), done.returncode
    found = {}
    for entry in json.loads(done.stdout):
        broken = {next(iter(rule.values()))["name"] for rule in entry["not_compliant"]}
        found[Path(entry["name"]).stem] = broken
    assert found.keys() == templates.keys()
    return found


def walk(part, path):
    """The part that holds the last step of a path, and that step."""
    *steps, last = path.split(".")
    for step in steps:
        part = part[int(step)] if isinstance(part, list) else part[step]
    return part, int(last) if isinstance(part, list) else last


def change(template, changes):
    """A copy with some of its parts replaced, given by their paths; None takes a part away."""
    changed = copy.deepcopy(template)
    for path, value in changes.items():
        holder, last = walk(changed, path)
        if value is None:
            del holder[last]
        else:
            holder[last] = value
    return changed

"""cfn-lint as its command line runs it."""

import json

from cfnlint.api import ManualArgs, lint_file
from support.aws.template import REGION


def complaints(path, ignored=()):
    """Rule and message of everything that cfn-lint says of a template's file."""
    found = lint_file(path, config=ManualArgs(regions=[REGION], ignore_checks=list(ignored)))
    return [f"{match.rule.id} {match.message}" for match in found]


def complaints_of(translated, folder):
    """The same of a translated template. SAM writes the values of some parameters in their place, so that nothing refers to
    those any more (W2001); a promise holds the template to it as it is written. It hands a function's UpdateReplacePolicy on
    to its alias, without a DeletionPolicy (W3011)."""
    path = folder / "translated.json"
    path.write_text(json.dumps(translated))
    return complaints(path, ignored=["W2001", "W3011"])

"""Our rules for cfn-guard: each finds what it is for, and nothing else."""

import guard


def test_every_rule_has_fixtures_and_every_fixture_a_rule():
    rules, fixtures = guard.names(), guard.fixtures()
    assert {name: set(found) for name, found in rules.items()} == {
        name: set(fixture["rules"]) for name, fixture in fixtures.items()
    }
    assert all(faults for fixture in fixtures.values() for faults in fixture["rules"].values())


def test_good_resources_break_no_rule(tmp_path):
    good = {name: {"Resources": fixture["resources"]} for name, fixture in guard.fixtures().items()}
    assert guard.violations(good, tmp_path) == {name: set() for name in good}


def test_each_fault_breaks_its_rule_and_no_other(tmp_path):
    faulty, expected = {}, {}
    for name, fixture in guard.fixtures().items():
        for rule, faults in fixture["rules"].items():
            for number, fault in enumerate(faults):
                case = f"{name}-{rule}-{number}"
                faulty[case] = {"Resources": guard.change(fixture["resources"], fault)}
                expected[case] = {rule}
    assert guard.violations(faulty, tmp_path) == expected

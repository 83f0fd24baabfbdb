import re
import xml.etree.ElementTree as Tree

import pytest
from hypothesis import HealthCheck, given, settings

from policy_sim.border import InputError
from policy_sim.publish.dmn import MODEL, parse_dmn, render_dmn


def test_every_element_has_an_id_of_its_own(random, vocabulary):
    @settings(derandomize=True, deadline=None, database=None, max_examples=5, suppress_health_check=list(HealthCheck))
    @given(policy=random.policies(place_count=2))
    def unique(policy):
        root = Tree.fromstring(render_dmn(policy, vocabulary))
        elements = [element for element in root.iter() if element.tag.startswith(f"{{{MODEL}}}")]
        bare = {"text", "description", "extensionElements", "requiredInput"}
        ids = [element.get("id") for element in elements if element.tag.split("}")[1] not in bare]
        assert None not in ids
        assert len(set(ids)) == len(ids)

    unique()


def test_one_table_with_a_last_row_for_what_no_other_fits(current, vocabulary):
    root = Tree.fromstring(render_dmn(current, vocabulary))
    tables = list(root.iter(f"{{{MODEL}}}decisionTable"))
    assert [table.get("hitPolicy") for table in tables] == ["FIRST"]
    rules = tables[0].findall(f"{{{MODEL}}}rule")
    last = [entry.findtext(f"{{{MODEL}}}text") for entry in rules[-1]]
    assert last[0] == "-"
    assert '"not decided"' in last
    # the names of the columns are the names of the facts: some engines go by labels
    assert not [element for element in root.iter() if element.get("label")]


def test_a_cell_that_was_changed_is_named(rich, vocabulary):
    text = render_dmn(rich, vocabulary).replace("[0..50.01)", "[0..90.01)", 1)
    with pytest.raises(InputError, match=r"changed after export: rule \d+, amount \[0\.\.50\.01\) -> \[0\.\.90\.01\)"):
        parse_dmn(text.encode(), "p.dmn")


def test_a_rule_that_was_taken_out_is_named(rich, vocabulary):
    text = render_dmn(rich, vocabulary)
    shorter = re.sub(r'<rule id="rule_2">.*?</rule>', "", text, count=1, flags=re.DOTALL)
    with pytest.raises(InputError, match=r"the table has \d+ rules, the policy that it holds \d+"):
        parse_dmn(shorter.encode(), "p.dmn")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("<a", "is not XML"),
        ("<a/>", "is not DMN 1.3"),
        (f'<definitions xmlns="{MODEL}"/>', "holds no policy:record"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "declares a DTD or entities"),
        ('<!DOCTYPE a SYSTEM "other.dtd"><a/>', "declares a DTD or entities"),
        (f'<definitions xmlns="{MODEL}">{"<a>" * 25}{"</a>" * 25}</definitions>', "nested more than 20 deep"),
    ],
)
def test_xml_that_is_refused(data, expected):
    with pytest.raises(InputError, match=expected) as caught:
        parse_dmn(data.encode(), "p.dmn")
    assert "\n" not in str(caught.value)


def test_a_record_that_holds_something_else(rich, vocabulary):
    text = re.sub(r">\{.*?</policy:record>", ">[1]</policy:record>", render_dmn(rich, vocabulary), flags=re.DOTALL)
    with pytest.raises(InputError, match=r"found \[1\]: .*p\.dmn, policy:record"):
        parse_dmn(text.encode(), "p.dmn")


def test_a_second_table_says_what_to_give(with_playbook, vocabulary):
    root = Tree.fromstring(render_dmn(with_playbook, vocabulary))
    tables = list(root.iter(f"{{{MODEL}}}decisionTable"))
    assert [table.get("hitPolicy") for table in tables] == ["FIRST", "FIRST"]
    rules = [
        [entry.findtext(f"{{{MODEL}}}text") for entry in rule if entry.tag.endswith("Entry")]
        for rule in tables[1].findall(f"{{{MODEL}}}rule")
    ]
    # of each failure its rules, then that there is none; failures without rules together; what lacks something
    assert len(rules) == 9 + 4 + 1 + 1
    assert rules[-1][-2:] == ['"not decided"', rules[-1][-1]]
    assert rules[-2][1] == '"defective_item","poor_service"'
    # every row for a failure looks at all that any rule for it looks at
    wrong = [rule for rule in rules if rule[1] == '"wrong_item"']
    assert len({tuple(cell == "-" for cell in rule[:-2]) for rule in wrong}) == 1


def test_a_cell_of_the_second_table_that_was_changed_is_named(with_playbook, vocabulary):
    text = render_dmn(with_playbook, vocabulary).replace("[0..45)", "[0..90)", 1)
    with pytest.raises(InputError, match=r"what_to_give: .* rule \d+, item_price \[0\.\.45\) -> \[0\.\.90\)"):
        parse_dmn(text.encode(), "p.dmn")
    without = re.sub(r'<decision id="what_to_give".*?</decision>', "", text, flags=re.DOTALL)
    with pytest.raises(
        InputError, match="the file has the decisions authority, the policy that it holds authority, what"
    ):
        parse_dmn(without.encode(), "p.dmn")

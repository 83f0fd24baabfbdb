import pytest

from policy_sim.segments import Segment, bounding_column, check_segments, segment_words, upper_bounds


def segments(bound, *values):
    return [Segment(name=f"s{k}", title=f"S {k}", **{bound: value}) for k, value in enumerate(values)]


@pytest.mark.parametrize(
    ("bound", "values", "column", "words"),
    [
        (
            "prior_purchases_up_to",
            (1, 4, 5, None),
            "prior_purchases",
            ["1 order", "2 to 4 orders", "5 orders", "6 orders or more"],
        ),
        (
            "future_value_up_to",
            (50, 1250.5, None),
            "future_value",
            [
                "worth up to 50 USD from now on",
                "worth 50 to 1,250.5 USD from now on",
                "worth more than 1,250.5 USD from now on",
            ],
        ),
        ("prior_purchases_up_to", (None,), "prior_purchases", ["all customers"]),
    ],
)
def test_what_a_segment_holds(bound, values, column, words):
    known = segments(bound, *values)
    check_segments(known)
    assert bounding_column(known) == column
    assert upper_bounds(known) == list(values[:-1])
    assert list(segment_words(known, "USD").values()) == words


def test_bounds_are_of_one_kind():
    mixed = [*segments("prior_purchases_up_to", 1), Segment(name="b", title="B", future_value_up_to=5.0)]
    with pytest.raises(ValueError, match="by prior_purchases_up_to and by future_value_up_to; keep one of them"):
        check_segments(mixed)

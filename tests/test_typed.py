import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policy_sim.border import InputError
from policy_sim.typed import Typed, currency_of, read_typed, typed_text

SHARE, MONEY, HOURS, RATIO = "share of item price", "USD per parcel", "hours", "ratio to the unit cost"


@pytest.mark.parametrize(
    ("text", "unit", "low", "high", "written"),
    [
        # one number
        ("7", HOURS, 7, 7, "7"),
        (" 7. ", HOURS, 7, 7, "7"),
        (".5", HOURS, 0.5, 0.5, "0.5"),
        ("1,200", HOURS, 1200, 1200, "1,200"),
        ("1,234,567.5", HOURS, 1234567.5, 1234567.5, "1,234,567.5"),
        ("1e3", HOURS, 1000, 1000, "1,000"),
        ("7 hours", HOURS, 7, 7, "7"),
        ("1 Hour", HOURS, 1, 1, "1"),
        ("0", HOURS, 0, 0, "0"),
        # shares: percent, or of one
        ("7%", SHARE, 0.07, 0.07, "7%"),
        ("7 %", SHARE, 0.07, 0.07, "7%"),
        ("7\u00a0%", SHARE, 0.07, 0.07, "7%"),
        ("7 percent", SHARE, 0.07, 0.07, "7%"),
        ("7", SHARE, 0.07, 0.07, "7%"),
        ("0.07", SHARE, 0.07, 0.07, "7%"),
        ("0.07%", SHARE, 0.0007, 0.0007, "0.07%"),
        ("1", SHARE, 1, 1, "100%"),
        ("1.5", SHARE, 0.015, 0.015, "1.5%"),
        ("100%", SHARE, 1, 1, "100%"),
        # money, times
        ("$7", MONEY, 7, 7, "$7"),
        ("$ 7.5", MONEY, 7.5, 7.5, "$7.50"),
        ("usd 7", MONEY, 7, 7, "$7"),
        ("1,200 USD", MONEY, 1200, 1200, "$1,200"),
        ("KRW 4,500", "KRW per job", 4500, 4500, "KRW 4,500"),
        ("1.2 times", RATIO, 1.2, 1.2, "1.2"),
        ("50%", RATIO, 0.5, 0.5, "0.5"),
        # ranges
        ("5 to 9", HOURS, 5, 9, "5 to 9"),
        ("5to9", HOURS, 5, 9, "5 to 9"),
        ("5 TO 9", HOURS, 5, 9, "5 to 9"),
        ("5-9", HOURS, 5, 9, "5 to 9"),
        ("5 - 9", HOURS, 5, 9, "5 to 9"),
        ("5–9", HOURS, 5, 9, "5 to 9"),
        ("5..9", HOURS, 5, 9, "5 to 9"),
        ("5...9", HOURS, 5, 9, "5 to 9"),
        ("5 … 9", HOURS, 5, 9, "5 to 9"),
        ("0.5...9", HOURS, 0.5, 9, "0.5 to 9"),
        ("1e-3-2e-3", HOURS, 0.001, 0.002, "0.001 to 0.002"),
        ("1,200 to 3,000.5", HOURS, 1200, 3000.5, "1,200 to 3,000.5"),
        ("5 hours to 9 hours", HOURS, 5, 9, "5 to 9"),
        ("5% to 9%", SHARE, 0.05, 0.09, "5% to 9%"),
        ("5 to 9%", SHARE, 0.05, 0.09, "5% to 9%"),
        ("5% to 9", SHARE, 0.05, 0.09, "5% to 9%"),
        ("5 to 9", SHARE, 0.05, 0.09, "5% to 9%"),
        ("0.05 to 0.09", SHARE, 0.05, 0.09, "5% to 9%"),
        ("0.5 to 3", SHARE, 0.005, 0.03, "0.5% to 3%"),
        ("$5 to $9", MONEY, 5, 9, "$5 to $9"),
        ("$5-9", MONEY, 5, 9, "$5 to $9"),
        ("5-9 USD", MONEY, 5, 9, "$5 to $9"),
        ("1 to 1.4 times", RATIO, 1, 1.4, "1 to 1.4"),
    ],
)
def test_what_people_type_is_read(text, unit, low, high, written):
    typed = read_typed(text, unit)
    assert (typed.low, typed.high) == (low, high)
    assert typed.is_range == (low < high)
    assert typed_text(typed.low, typed.high, unit) == written
    again = read_typed(written, unit)
    assert (again.low, again.high) == (low, high)


@pytest.mark.parametrize(
    ("text", "unit", "without_sign"),
    [("7", SHARE, "percent"), ("0.5 to 3", SHARE, "percent"), ("0.07", SHARE, "share"), ("1", SHARE, "share"),
     ("7%", SHARE, ""), ("7", HOURS, ""), ("50%", RATIO, "")],
)  # fmt: skip
def test_a_share_without_a_percent_sign_is_known(text, unit, without_sign):
    assert read_typed(text, unit).without_sign == without_sign


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        ("", HOURS, "nothing is typed; expected a number or a range, for example 9 or 5 to 9"),
        (" \n\t ", SHARE, "nothing is typed; expected a number or a range, for example 9% or 5% to 9%"),
        ("much", MONEY, "'much' is neither a number nor a range; expected a number or a range, for example \\$9 or"),
        ("1,5", HOURS, "'1,5' has a comma that does not stand before three digits; write decimals with a dot"),
        ("12,00 to 13,00", HOURS, "has a comma that does not stand before three digits"),
        ("0,200", HOURS, "has a comma that does not stand before three digits"),
        ("1.200,5", HOURS, "has a comma that does not stand before three digits"),
        ("7%", HOURS, "'7%' has another unit than this has"),
        ("5 days", HOURS, "'5 days' has another unit than this has"),
        ("$7", HOURS, "'\\$7' has another unit than this has"),
        ("$7", SHARE, "'\\$7' has another unit than this has"),
        ("€7", MONEY, "'€7' has another unit than this has; expected a number or a range, for example \\$9 or"),
        ("700%", SHARE, "'700%' is above 100%, but this is a share"),
        ("50 to 700", SHARE, "'50 to 700' is above 100%"),
        ("-5", HOURS, "'-5' is below 0"),
        ("−5%", SHARE, "'-5%' is below 0"),
        ("5--9", HOURS, "'-9' is below 0"),
        ("9 to 5", HOURS, "'9 to 5' falls; type 5 to 9"),
        ("9-5%", SHARE, "'9-5%' falls; type 5% to 9%"),
        ("7..7", HOURS, "'7..7' has the same number twice; for one number type 7"),
        ("1 to 2 to 3", HOURS, "neither a number nor a range"),
        ("5 to", HOURS, "neither a number nor a range"),
        ("to 5", HOURS, "neither a number nor a range"),
        ("1_0", HOURS, "neither a number nor a range"),
        ("²", HOURS, "neither a number nor a range"),
        ("nan", HOURS, "neither a number nor a range"),
        ("1e999", HOURS, "'1e999' is too large; it must be a finite number"),
        ("9" * 5000, HOURS, "is too long"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_line(text, unit, words):
    with pytest.raises(InputError, match=words) as caught:
        read_typed(text, unit)
    assert len(str(caught.value)) < 200


numbers = st.floats(min_value=0, max_value=1e300, allow_subnormal=False)
shares = st.floats(min_value=0, max_value=1, allow_subnormal=False)


@given(st.tuples(numbers, numbers), st.sampled_from([HOURS, RATIO, MONEY, "KRW per job", "EUR"]))
def test_numbers_and_ranges_come_back_as_they_were(ends, unit):
    low, high = sorted(ends)
    typed = read_typed(typed_text(low, high, unit), unit)
    assert (typed.low, typed.high) == (low, high)


@given(st.tuples(shares, shares))
@example((0.29, 0.57))  # which a hundred times make 28.999999999999996 and 56.99999999999999
def test_shares_come_back_as_they_were(ends):
    low, high = sorted(ends)
    text = typed_text(low, high, SHARE)
    assert text.count("%") == (1 if low == high else 2)
    assert read_typed(text, SHARE) == Typed(low, high)


@given(st.text(max_size=70), st.sampled_from([HOURS, SHARE, MONEY, RATIO, ""]))
def test_any_text_is_read_or_refused(text, unit):
    try:
        typed = read_typed(text, unit)
    except InputError:
        return
    assert 0 <= typed.low <= typed.high
    assert read_typed(typed_text(typed.low, typed.high, unit), unit).high == typed.high


@pytest.mark.parametrize(("unit", "currency"), [("USD", "USD"), ("EUR per job", "EUR"), ("hours", ""), ("USDX", "")])
def test_the_currency_of_a_unit(unit, currency):
    assert currency_of(unit) == currency

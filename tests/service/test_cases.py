import numpy as np
import pandas as pd
import pytest

from policy_sim.assumptions import Scenario, central, draw_assumptions, load_scenario
from policy_sim.border import InputError, parse_model, shipped
from policy_sim.clv import BgNbdFit, GammaGammaFit, order_values, read_transactions, recent_orders
from policy_sim.policy import load_policy
from policy_sim.service import Cases, draw_cases, read_cases, read_usable_cases
from policy_sim.value import evaluate, value_cases
from policy_sim.words import COLUMNS

# fits of the whole CDNOW sample, rounded: nothing here depends on their digits
PURCHASES = BgNbdFit(0.243, 4.414, 0.793, 2.426)
SPEND = GammaGammaFit(6.25, 3.74, 15.44)


@pytest.fixture(scope="module")
def scenario():
    return load_scenario("online_retail")


@pytest.fixture(scope="module")
def log():
    return read_transactions(shipped("data") / "cdnow" / "transactions.csv")


def orders_of(log, count, seed=1):
    """Return orders drawn from a log, with what their customers are worth right after them."""
    economics = {"margin_share": 0.35, "discount_rate_per_year": 0.15}
    rng = np.random.default_rng([seed, 4])
    return order_values(log, recent_orders(log), PURCHASES, SPEND, **economics, count=count, rng=rng)


@pytest.fixture(scope="module")
def orders(log):
    return orders_of(log, 4000)


@pytest.fixture(scope="module")
def cases(scenario, log, orders):
    return draw_cases(scenario, log, orders, seed=1)


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "case": ["a", "b", "c"],
            "failure": ["wrong_item", "lost_parcel", "wrong_item"],
            "item_price": [20.0, 50.0, 0.0],
            "future_value": [100.0, 40.0, 60.0],
        }
    )


def test_seeds(scenario, log, orders, cases):
    same = draw_cases(scenario, log, orders, seed=1)
    other = draw_cases(scenario, log, orders, seed=2)
    pd.testing.assert_frame_equal(same.to_frame(), cases.to_frame())
    assert (other.severity != cases.severity).all()


def test_columns(cases, scenario, log):
    assert len(cases) == 4000
    frame = cases.to_frame()
    assert list(frame.columns) == [
        "case",
        "failure",
        "segment",
        "ask",
        "buyer",
        "item_price",
        "unit_cost",
        "salvage_value",
        "return_shipping",
        "outbound_shipping",
        "restocking",
        "severity",
        "hours_open",
        "days_since_purchase",
        "prior_purchases",
        "prior_failures",
        "days_since_failure",
        "prior_claims",
        "suspicion",
        "surfaces",
        "live",
        "firmness",
        "in_stock",
        "part_available",
        "future_value",
        "new_customer_value",
        "assumed",
    ]
    assert frame["case"].is_unique
    assert list(frame["case"][:2]) == ["case-1", "case-2"]
    numbers = frame.drop(columns=["case", "failure", "segment", "ask", "assumed"])
    assert np.isfinite(numbers).all(axis=None)
    assert (numbers >= 0).all(axis=None)
    assert (numbers[["severity", "suspicion", "surfaces"]] <= 1).all(axis=None)
    assert set(frame["failure"]) == set(scenario.failures)
    assert (frame["item_price"] > 0).all()
    assert set(frame["item_price"]) <= set(np.round(log.amount, 2))
    assert (frame["prior_claims"] <= frame["prior_failures"]).all()
    assert cases.currency == "USD"


def test_segments_follow_prior_purchases(cases):
    frame = cases.to_frame()
    assert (frame.loc[frame["segment"] == "first_time", "prior_purchases"] <= 1).all()
    assert frame.loc[frame["segment"] == "returning", "prior_purchases"].between(2, 4).all()
    assert (frame.loc[frame["segment"] == "loyal", "prior_purchases"] >= 5).all()
    assert set(frame["segment"]) == {"first_time", "returning", "loyal"}


def test_means_are_near_the_scenario(cases, scenario):
    n = len(cases)
    for f, failure in enumerate(scenario.failures):
        share = scenario.value(f"{failure}.share_of_cases")
        assert (cases.failure == f).mean() == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / n))
    # a beta with pseudo-count 4 has the variance m (1 - m) / 5
    assert cases.severity.mean() == pytest.approx(0.5, abs=4 * np.sqrt(0.05 / n))
    assert cases.severity.var() == pytest.approx(0.05, rel=0.1)
    for column, median in (("hours_open", 24), ("days_since_purchase", 6)):
        logs = np.log(getattr(cases, column))
        assert logs.mean() == pytest.approx(np.log(median), abs=4 * 0.8 / np.sqrt(n))
        assert logs.std() == pytest.approx(0.8, rel=0.1)
    logs = np.log(cases.days_since_failure)
    assert logs.mean() == pytest.approx(np.log(120), abs=4 / np.sqrt(n))
    assert logs.std() == pytest.approx(1, rel=0.1)
    failures = 0.08 * cases.prior_purchases
    assert cases.prior_failures.sum() == pytest.approx(failures.sum(), abs=4 * np.sqrt(failures.sum()))
    claims = 0.5 * cases.prior_failures.sum()
    assert cases.prior_claims.sum() == pytest.approx(claims, abs=4 * np.sqrt(claims / 2))
    expected = 0.05 * 0.7 + 0.95 * 0.08
    assert cases.suspicion.mean() == pytest.approx(expected, rel=0.1)


def test_who_comes_by_themselves_depends_on_the_failure(cases, scenario):
    expected = {failure: scenario.value(f"{failure}.surfaces_share") for failure in scenario.failures}
    assert len(set(expected.values())) > 2
    for f, failure in enumerate(cases.failures):
        np.testing.assert_array_equal(cases.surfaces[cases.failure == f], expected[failure])


def test_new_columns_follow_the_scenario_and_leave_the_others_alone(scenario, log, orders, cases):
    changed = scenario.with_values(
        {
            "cases.days_since_failure_median": 60,
            "lost_parcel.surfaces_share": 1.0,
            "late_delivery.surfaces_share": 0.0,
        }
    )
    other = draw_cases(changed, log, orders, seed=1)
    np.testing.assert_allclose(other.days_since_failure, cases.days_since_failure / 2, rtol=1e-12)
    assert (other.surfaces[other.failure == other.failures.index("lost_parcel")] == 1).all()
    assert (other.surfaces[other.failure == other.failures.index("late_delivery")] == 0).all()
    frames = (drawn.to_frame().drop(columns=["days_since_failure", "surfaces"]) for drawn in (other, cases))
    pd.testing.assert_frame_equal(*frames)


def test_a_case_has_price_and_history_of_its_order(log, orders, cases):
    place = orders.place[cases.customer]
    np.testing.assert_array_equal(cases.item_price, np.round(log.amount[place], 2))
    np.testing.assert_array_equal(cases.buyer, log.customer[place])
    before = np.array([(log.customer[:order] == log.customer[order]).sum() for order in place[:200]])
    np.testing.assert_array_equal(cases.prior_purchases[:200], before + 1)


def test_the_future_value_counts_the_order_that_failed(log, orders, cases):
    first = cases.prior_purchases == 1
    np.testing.assert_allclose(cases.future_value[first], cases.new_customer_value)
    # right after a repeat purchase: x counts it, and it is the last one
    i = int(np.flatnonzero(cases.prior_purchases == 3)[0])
    own = np.flatnonzero(log.customer == cases.buyer[i])[:3]
    age = (log.date[own[2]] - log.date[own[0]]) / np.timedelta64(7, "D")
    spend = SPEND.expected_spend(log.amount[own[1:]].mean(), 2)
    assert cases.future_value[i] == pytest.approx(float(0.35 * spend * PURCHASES.dert(0.15, 2, age, age)))


def test_cases_are_as_frequent_as_the_orders_of_the_log(log, cases):
    # a closed cohort: all its orders count
    number = np.arange(len(log.amount)) - np.searchsorted(log.customer, log.customer) + 1
    for low, high in [(1, 1), (2, 4), (5, 1e9)]:
        share = ((number >= low) & (number <= high)).mean()
        assert ((cases.prior_purchases >= low) & (cases.prior_purchases <= high)).mean() == pytest.approx(
            share, abs=0.02
        )
    assert (cases.prior_purchases == 1).mean() == pytest.approx(2357 / 6696, abs=0.002)


def test_newcomers_are_among_the_cases_of_a_log_that_goes_on(scenario, log):
    """Of the sample with a second cohort a year later, as far as it goes, the last part has both."""
    later = log.to_frame().assign(
        customer=lambda rows: "n" + rows["customer"], date=lambda rows: rows["date"] + np.timedelta64(364, "D")
    )
    later = later[later["date"] <= log.date.max()]
    going_on = read_transactions(pd.concat([log.to_frame(), later], ignore_index=True))
    cases = draw_cases(scenario, going_on, orders_of(going_on, 2000))
    recent = going_on.date > recent_orders(going_on).after
    is_first = np.append(True, going_on.customer[1:] != going_on.customer[:-1])
    assert (cases.prior_purchases == 1).mean() == pytest.approx(is_first[recent].mean(), abs=0.01)
    assert (recent & is_first).sum() == 2357  # the second cohort alone


def test_left_out_columns_are_filled(scenario, table):
    cases = read_cases(table, scenario)
    assert list(cases.case) == ["a", "b", "c"]
    assert [cases.failures[f] for f in cases.failure] == list(table["failure"])
    np.testing.assert_allclose(cases.unit_cost, [10, 25, 0])
    np.testing.assert_allclose(cases.salvage_value, [4.5, 11.25, 0])
    for column, value in [
        ("return_shipping", 6),
        ("outbound_shipping", 6),
        ("restocking", 4),
        ("severity", 0.5),
        ("hours_open", 24),
        ("days_since_purchase", 6),
        ("prior_purchases", 1),
        ("prior_failures", 0),
        ("prior_claims", 0),
        ("suspicion", 0),
        ("days_since_failure", 120),
        ("surfaces", 1),
    ]:
        np.testing.assert_array_equal(getattr(cases, column), value)
    assert {cases.segments[s] for s in cases.segment} == {"first_time"}
    assert cases.new_customer_value == pytest.approx(200 / 3)
    assert cases.currency == "USD"
    assert list(read_cases(table.drop(columns="case"), scenario).case) == ["1", "2", "3"]


def test_what_was_assumed_moves_with_the_draws_and_what_was_given_does_not(scenario, table):
    draws = draw_assumptions(scenario, 6, seed=2)
    where = {column: COLUMNS.index(column) for column in COLUMNS}
    cases = read_cases(table, scenario)
    moved = cases.column_factors(draws)[None] * cases.money_columns()[:, :, None]
    unit = cases.item_price[:, None] * draws["shop.unit_cost_share"]
    np.testing.assert_allclose(moved[:, where["unit_cost"]], unit)
    np.testing.assert_allclose(moved[:, where["salvage_value"]], unit * draws["shop.salvage_share"])
    np.testing.assert_allclose(moved[0, where["return_shipping"]], draws["shop.label_cost"])
    np.testing.assert_allclose(moved[0, where["outbound_shipping"]], draws["shop.outbound_cost"])
    np.testing.assert_allclose(moved[0, where["restocking"]], draws["shop.inspection_cost"])
    np.testing.assert_array_equal(moved[:, where["item_price"]], cases.item_price[:, None] * np.ones(6))
    np.testing.assert_array_equal(moved[:, where["constant"]], 1)

    given_ = table.assign(unit_cost=[8.0, 20.0, 0.0], restocking=1.0)
    cases = read_cases(given_, scenario)
    np.testing.assert_allclose(cases.salvage_value, [3.6, 9.0, 0])
    factors = cases.column_factors(draws)
    np.testing.assert_array_equal(factors[where["unit_cost"]], 1)
    np.testing.assert_array_equal(factors[where["restocking"]], 1)
    np.testing.assert_allclose(factors[where["salvage_value"]], draws["shop.salvage_share"])
    assert set(cases.assumed) == {"salvage_value", "return_shipping", "outbound_shipping"}

    everything = given_.assign(salvage_value=1.0, return_shipping=5.0, outbound_shipping=3.0)
    np.testing.assert_array_equal(read_cases(everything, scenario).column_factors(draws), 1)


def test_under_central_assumptions_the_columns_are_those_of_the_table(scenario, cases):
    money = cases.money_columns() * cases.column_factors(central(scenario))[:, 0]
    assert money.shape == (len(cases), len(COLUMNS))
    for c, column in enumerate(COLUMNS[1:], start=1):
        np.testing.assert_allclose(money[:, c], getattr(cases, column), rtol=1e-13)


def test_files(scenario, table, tmp_path):
    expected = read_cases(table, scenario).to_frame()
    table.assign(extra="ignored").to_csv(tmp_path / "cases.csv", index=False)
    table.to_parquet(tmp_path / "cases.parquet")
    for name in ("cases.csv", "cases.parquet"):
        pd.testing.assert_frame_equal(read_cases(tmp_path / name, scenario).to_frame(), expected)
        pd.testing.assert_frame_equal(read_cases(str(tmp_path / name), scenario).to_frame(), expected)


@pytest.mark.parametrize("form", ["table", "csv", "parquet"])
def test_writing_cases_and_reading_them_back_changes_nothing(scenario, cases, tmp_path, form):
    few = cases.take(np.arange(300))
    source = few.to_frame()
    if form == "csv":
        source.to_csv(tmp_path / "cases.csv", index=False)
        source = tmp_path / "cases.csv"
    elif form == "parquet":
        source.to_parquet(tmp_path / "cases.parquet")
        source = tmp_path / "cases.parquet"
    again = read_cases(source, scenario)
    pd.testing.assert_frame_equal(again.to_frame().drop(columns="buyer"), few.to_frame().drop(columns="buyer"))
    assert again.assumed == few.assumed
    assert again.new_customer_value == few.new_customer_value
    # the same cases hang together
    assert len(np.unique(again.buyer * 10_000 + few.buyer)) == len(np.unique(few.buyer)) == again.buyer.max() + 1
    draws, policy = draw_assumptions(scenario, 5, seed=3), load_policy("current", scenario)
    before, after = (evaluate(policy, value_cases(scenario, some, draws)) for some in (few, again))
    np.testing.assert_array_equal(after.sums, before.sums)
    assert after.interval() == before.interval()


def test_what_was_assumed_stays_so_when_it_is_read_back(scenario, table, tmp_path):
    cases = read_cases(table.assign(unit_cost=[8.0, 20.0, 0.0]), scenario)
    again = read_cases(cases.to_frame(), scenario)
    assert set(again.assumed) == {"salvage_value", "return_shipping", "outbound_shipping", "restocking"}
    # in another scenario it is what that one assumes, and what was known stays
    cheap = scenario.with_values({"shop.salvage_share": 0.2, "shop.unit_cost_share": 0.4})
    np.testing.assert_allclose(read_cases(cases.to_frame(), cheap).salvage_value, [1.6, 4, 0])
    np.testing.assert_array_equal(read_cases(cases.to_frame(), cheap).unit_cost, [8, 20, 0])


def test_buyers_tell_whose_cases_hang_together(scenario, table):
    assert list(read_cases(table, scenario).buyer) == [0, 1, 2]
    assert list(read_cases(table.assign(buyer=[7, 100, 7]), scenario).buyer) == [0, 1, 0]
    assert list(read_cases(table.assign(buyer=["ann", "Zoe", "ann"]), scenario).buyer) == [1, 0, 1]
    unknown_buyers = read_cases(table.assign(buyer=["ann", None, ""]), scenario).buyer
    assert len(set(unknown_buyers)) == 3


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"new_customer_value": [50, 50, 60]},
            "new_customer_value is '50' and '60'; it must be the same for all cases",
        ),
        ({"new_customer_value": "much"}, "new_customer_value is 'much'; expected a number, 0 or more"),
        ({"new_customer_value": -1}, "new_customer_value is '-1'; expected a number, 0 or more"),
        ({"assumed": "unit_costs"}, r"unknown column 'unit_costs' \(did you mean 'unit_cost'\?\)"),
        ({"assumed": ["unit_cost", "restocking", "unit_cost"]}, "assumed is 'unit_cost' and 'restocking'"),
    ],
)
def test_what_holds_for_all_cases_must_make_sense(scenario, table, change, expected):
    with pytest.raises(InputError, match=expected):
        read_cases(table.assign(**change), scenario)


def with_segments(scenario, *segments):
    return parse_model(Scenario, {**dict(scenario), "segments": segments}, "test")


def test_segments_by_future_value(scenario, log, orders, table):
    by_value = with_segments(
        scenario,
        {"name": "low", "title": "Low", "future_value_up_to": 60},
        {"name": "middle", "title": "Middle", "future_value_up_to": 250.5},
        {"name": "high", "title": "High"},
    )
    frame = draw_cases(by_value, log, orders, seed=1).to_frame()
    assert (frame.loc[frame["segment"] == "low", "future_value"] <= 60).all()
    assert frame.loc[frame["segment"] == "middle", "future_value"].between(60, 250.5, inclusive="right").all()
    assert (frame.loc[frame["segment"] == "high", "future_value"] > 250.5).all()
    assert set(frame["segment"]) == {"low", "middle", "high"}
    # a bound belongs to the segment below it; what a log says of its own holds
    assert list(read_cases(table, by_value).to_frame()["segment"]) == ["middle", "low", "low"]
    assert list(read_cases(table.assign(segment="high"), by_value).segment) == [2, 2, 2]


def test_take(cases):
    some = cases.take(np.array([5, 2]))
    assert isinstance(some, Cases)
    assert list(some.case) == ["case-6", "case-3"]
    assert some.item_price[1] == cases.item_price[2]
    assert some.new_customer_value == cases.new_customer_value
    assert len(cases.take(slice(10, 20))) == 10


def test_given_surfaces_and_days_since_failure(scenario, table, tmp_path):
    path = tmp_path / "cases.csv"
    table.assign(surfaces=[0, 0.35, 1], days_since_failure=[0, 3.5, 4000]).to_csv(path, index=False)
    cases = read_cases(path, scenario)
    assert list(cases.surfaces) == [0, 0.35, 1]
    assert list(cases.days_since_failure) == [0, 3.5, 4000]
    assert cases.surfaces.dtype == cases.days_since_failure.dtype == np.float64
    # a log holds customers who came, however rarely others do; what it says of them stays as it is
    rare = scenario.with_values({f"{failure}.surfaces_share": 0.1 for failure in scenario.failures})
    np.testing.assert_array_equal(read_cases(table, rare).surfaces, 1)
    late = scenario.with_values({"cases.days_since_failure_median": 30})
    np.testing.assert_array_equal(read_cases(table, late).days_since_failure, 30)
    np.testing.assert_array_equal(read_cases(path, late).days_since_failure, cases.days_since_failure)


def test_given_segments(scenario, table):
    cases = read_cases(table.assign(segment=["loyal", "loyal", "returning"]), scenario)
    assert list(cases.segment) == [2, 2, 1]


def test_new_customers_are_those_on_their_first_order(scenario, table):
    cases = read_cases(table.assign(prior_purchases=[1, 7, 0]), scenario)
    assert cases.new_customer_value == pytest.approx(80)
    cases = read_cases(table.assign(prior_purchases=5), scenario)
    assert cases.new_customer_value == pytest.approx(200 / 3)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"failure": ["wrong_item", "lost_parcl", "x"]},
            r"unknown failure 'lost_parcl' \(did you mean 'lost_parcel'\?\)",
        ),
        ({"failure": ["wrong_item", None, "x"]}, "row 2: unknown failure"),
        ({"segment": ["loyal", "loyal", "loyl"]}, r"row 3: unknown segment 'loyl' \(did you mean 'loyal'\?\)"),
        ({"item_price": [1, -2, 3]}, "row 2: item_price is '-2'; expected a number, 0 or more"),
        ({"item_price": [1, 2, None]}, "row 3: item_price is ''; expected a number, 0 or more"),
        ({"item_price": [1, "2,50", 3]}, "row 2: item_price is '2,50'"),
        ({"item_price": [np.inf, 2, 3]}, "row 1: item_price is 'inf'"),
        ({"future_value": [1, 2, -0.01]}, "row 3: future_value is '-0.01'"),
        ({"severity": [0.5, 1.5, 0]}, "row 2: severity is '1.5'; expected a number from 0 to 1"),
        ({"suspicion": [0.5, 50, 0]}, "row 2: suspicion is '50.*'; expected a number from 0 to 1"),
        ({"prior_claims": ["none", 1, 0]}, "row 1: prior_claims is 'none'"),
        ({"surfaces": [0, 1, 1.01]}, "row 3: surfaces is '1.01'; expected a number from 0 to 1"),
        ({"surfaces": [-0.1, 1, 1]}, "row 1: surfaces is '-0.1'; expected a number from 0 to 1"),
        ({"surfaces": [0.5, "often", 1]}, "row 2: surfaces is 'often'; expected a number from 0 to 1"),
        ({"days_since_failure": [1, 2, -3]}, "row 3: days_since_failure is '-3'; expected a number, 0 or more"),
        ({"days_since_failure": [1, None, 3]}, "row 2: days_since_failure is ''; expected a number, 0 or more"),
        ({"days_since_failure": [np.inf, 2, 3]}, "row 1: days_since_failure is 'inf'"),
    ],
)
def test_bad_cells_are_named(scenario, table, change, expected):
    with pytest.raises(InputError, match=expected) as caught:
        read_cases(table.assign(**change), scenario)
    assert "\n" not in str(caught.value)


def test_the_line_of_a_file_is_named(scenario, table, tmp_path):
    path = tmp_path / "cases.csv"
    table.assign(item_price=[1, -2, 3]).to_csv(path, index=False)
    # the header is line 1
    with pytest.raises(InputError, match=r"case file 'cases.csv', line 3: item_price is '-2'"):
        read_cases(path, scenario)


def test_blank_lines_count_as_lines(scenario, table, tmp_path):
    path = tmp_path / "cases.csv"
    head, *rows = table.assign(item_price=[1, -2, 3]).to_csv(index=False).splitlines()
    path.write_text("\n".join([head, rows[0], "", rows[1], rows[2]]))
    with pytest.raises(InputError, match="line 4: item_price"):
        read_cases(path, scenario)


@pytest.mark.parametrize("missing", ["failure", "item_price", "future_value"])
def test_a_missing_column(scenario, table, missing):
    with pytest.raises(InputError, match=f"the table of cases has no column '{missing}'.*; rename or add it"):
        read_cases(table.drop(columns=missing), scenario)


def test_a_column_under_another_name(scenario, table):
    with pytest.raises(InputError, match=r"has no column 'item_price' \(is it 'item_prices'\?\); found: case, failure"):
        read_cases(table.rename(columns={"item_price": "item_prices"}), scenario)


def test_no_rows(scenario, table):
    with pytest.raises(InputError, match="holds no cases; it needs at least one row"):
        read_cases(table.head(0), scenario)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"PAR1 but not really"])
def test_files_that_cannot_be_read(scenario, tmp_path, content):
    for name in ("cases.csv", "cases.parquet"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_cases(path, scenario)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("failure,item_price,future_value\nwrong_item,20,90,5\n", "line 2 has 4 cells, the line of names 3"),
        ("failure,item_price,future_value,item_price\nwrong_item,20,90,5\n", "two columns are named 'item_price'"),
    ],
)
def test_columns_that_do_not_fit_are_refused_and_not_shifted(scenario, tmp_path, text, expected):
    path = tmp_path / "cases.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=expected):
        read_cases(path, scenario)


def test_blanks_after_commas_do_not_matter(scenario, tmp_path):
    path = tmp_path / "cases.csv"
    path.write_text("failure, item_price, future_value\nwrong_item, 20, 90\n")
    assert read_cases(path, scenario).item_price == [20.0]


def test_a_missing_file(scenario, tmp_path):
    with pytest.raises(InputError, match=r"case file '.*none.csv' does not exist"):
        read_cases(tmp_path / "none.csv", scenario)


def test_an_index_does_not_matter(scenario, table):
    turned = table.set_index(pd.Index([9, 4, 7]))
    pd.testing.assert_frame_equal(read_cases(turned, scenario).to_frame(), read_cases(table, scenario).to_frame())
    before = table.copy()
    read_cases(table, scenario)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"failure": ["wrong_item", "lost_parcl", "late_delivery"]}, "unknown failure 'lost_parcl' (did you mean"),
        ({"item_price": [1, "2,50", 3]}, "item_price is '2,50'; expected a number, 0 or more"),
        ({"future_value": [1, None, 3]}, "future_value is ''"),
        (
            {"currency": ["USD", "EUR", "USD"]},
            "currency is 'EUR'; expected USD, as in the scenario: nothing is converted",
        ),
        ({"currency": ["USD", None, "USD"]}, "currency is ''; expected USD"),
        ({"segment": ["loyal", "", "loyal"], "suspicion": [0, 9, 0]}, "unknown segment 'nothing'"),
    ],
)
def test_cases_that_cannot_be_used_keep_no_other_from_it(scenario, table, change, problem):
    changed = table.assign(failure="wrong_item").assign(**change)
    with pytest.raises(InputError, match="row 2: "):
        read_cases(changed, scenario)
    cases, all_cases = read_usable_cases(changed, scenario)
    assert list(all_cases["case"]) == list(table["case"].astype(str))
    assert [bool(words) for words in all_cases["problem"]] == [False, True, False]
    assert all_cases["problem"][1].startswith(problem)
    assert list(cases.case) == list(table["case"].astype(str).iloc[[0, 2]])
    # those who placed a first order are looked for among the cases that are used
    rest = changed.drop(index=1).astype({"item_price": float, "future_value": float})
    pd.testing.assert_frame_equal(cases.to_frame(), read_cases(rest, scenario).to_frame())


def test_no_case_that_can_be_used(scenario, table):
    with pytest.raises(InputError, match="row 1: unknown failure 'x'"):
        read_usable_cases(table.assign(failure="x"), scenario)


@pytest.mark.parametrize("ids", [["0007", "", " 8"], ["1e5", "NA", "-7"], ["900719925474099301", "1.0", "é"]])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_ids_and_separators_of_files(scenario, table, tmp_path, ids, separator):
    path = tmp_path / "cases.csv"
    decimal = "," if separator == ";" else "."
    table.assign(case=ids, future_value=[1.5, 2.25, 3]).to_csv(path, index=False, sep=separator, decimal=decimal)
    cases = read_cases(path, scenario)
    assert list(cases.case) == ids
    assert list(cases.future_value) == [1.5, 2.25, 3]


def test_ids_of_parquet(scenario, table, tmp_path):
    ids = pd.array([900719925474099301, None, 7], dtype="Int64")
    table.assign(case=ids).to_parquet(tmp_path / "cases.parquet")
    assert list(read_cases(tmp_path / "cases.parquet", scenario).case) == ["900719925474099301", "", "7"]

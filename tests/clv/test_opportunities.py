import json

import pandas as pd
import pytest

from policy_sim.border import InputError
from policy_sim.clv import fit_bg_bb, read_transactions
from policy_sim.clv.opportunities import (
    DiscreteSummary,
    discount_per_opportunity,
    opportunities_per_year,
    summarise_opportunities,
)


class TestSummarise:
    LOG = pd.DataFrame(
        [
            ("a", "2001-02-03", 5),
            ("a", "2001-11-03", 5),  # in the year of her first: no opportunity
            ("a", "2003-01-01", 5),
            ("a", "2003-06-01", 5),
            ("a", "2004-12-30", 5),
            ("b", "2002-12-31", 5),
            ("c", "2004-01-01", 5),
            ("d", "2004-05-01", 5),
            ("d", "2005-03-01", 5),
        ],
        columns=["customer", "date", "amount"],
    )

    def rows(self, period, until=None):
        summary = summarise_opportunities(read_transactions(self.LOG), period, until)
        columns = (summary.frequency, summary.recency, summary.opportunities)
        return {
            str(label): tuple(int(value) for value in row) for label, *row in zip(summary.labels, *columns, strict=True)
        }

    def test_years(self):
        # 2005 is not over on 1 March
        assert self.rows("year") == {"a": (2, 3, 3), "b": (0, 0, 2), "c": (0, 0, 0), "d": (0, 0, 0)}
        assert self.rows("year", "2005-12-31")["d"] == (1, 1, 1)
        assert self.rows("year", "2004-12-30") == {"a": (1, 2, 2), "b": (0, 0, 1)}

    def test_quarters_and_months(self):
        assert self.rows("quarter")["a"] == (4, 15, 15)
        assert self.rows("month")["d"] == (0, 0, 9)
        assert self.rows("month", "2005-03-31")["d"] == (1, 10, 10)

    def test_weeks(self):
        # counted from 3 February 2001: 31 December 2002 is day 696, 31 January 2003 day 727, the last of two years
        assert self.rows(52, "2003-01-30") == {"a": (0, 0, 0)}
        assert self.rows(52, "2003-01-31") == {"a": (1, 1, 1), "b": (0, 0, 0)}
        assert self.rows(4, "2003-01-31")["a"] == (2, 24, 25)
        assert self.rows(1, "2003-01-03")["a"] == (2, 99, 99)

    def test_cdnow_by_the_month(self, cdnow):
        summary = summarise_opportunities(cdnow, "month")
        assert summary.labels.size == 2357
        assert sorted(set(summary.opportunities)) == [15, 16, 17]
        fit = fit_bg_bb(summary)
        assert fit.message.endswith("inside")
        # what was used in all comes back on average
        expected = sum(fit.expected_purchases(n, 0, 0, 0) * (summary.opportunities == n).sum() for n in (15, 16, 17))
        assert expected == pytest.approx(summary.frequency.sum(), rel=0.03)

    @pytest.mark.parametrize(
        ("period", "until", "message"),
        [
            ("years", None, r"unknown period 'years' \(did you mean 'year'\?\)"),
            (0, None, "period is 0; expected 'year', 'quarter', 'month' or a whole number of weeks"),
            ("year", "2001-12-30", "no period of a year is whole between 2001-02-03 and 2001-12-30"),
            (9, "2001-02-20", "no period of 9 weeks is whole"),
            ("year", "1999-01-01", "before the first purchase"),
        ],
    )
    def test_bad_input(self, period, until, message):
        with pytest.raises(InputError, match=message):
            self.rows(period, until)

    def test_periods_of_a_year(self):
        assert [opportunities_per_year(period) for period in ("year", "quarter", "month", 4)] == [1, 4, 12, 13]

    def test_defaults(self):
        summary = DiscreteSummary([0, 1], [0, 2], [3, 3])
        assert summary.customer_count.tolist() == [1, 1]
        assert summary.labels.tolist() == ["1", "2"]


def test_as_a_table_and_as_plain_data():
    summary = DiscreteSummary([0, 1], [0, 2], [3, 3], [4, 5])
    content = summary.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content["customers"][1] == {
        "customer": "2", "frequency": 1, "recency": 2, "opportunities": 3, "customer_count": 5,
    }  # fmt: skip
    assert summary.to_frame()["opportunities"].tolist() == [3, 3]


def test_discounts_of_a_year_add_up():
    assert (1 + discount_per_opportunity(0.15, "month")) ** 12 == pytest.approx(1.15)
    assert discount_per_opportunity(0.15, "year") == pytest.approx(0.15)
    assert (1 + discount_per_opportunity(0.15, 4)) ** 13 == pytest.approx(1.15)

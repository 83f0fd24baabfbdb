import math

import numpy as np
import pytest

from policy_sim.border import InputError
from policy_sim.clv.discounting import (
    PUBLISHED_WEEKS_PER_YEAR,
    discount_per_week,
    discount_weights,
    refuse_horizon,
    refuse_margin,
)


def test_a_year_has_52_weeks_in_the_published_formula():
    assert PUBLISHED_WEEKS_PER_YEAR == 52
    assert discount_per_week(0.15) == pytest.approx(math.log(1.15) / 52, rel=1e-15)


def test_weights_turn_a_steady_rate_into_its_discounted_sum():
    # one purchase a week, N(t) = t: the discounted purchases are int_0^H e^(-delta t) dt
    weights, horizons = discount_weights(0.15, 200.0)
    delta = math.log(1.15) / 52
    assert weights @ horizons == pytest.approx((1 - math.exp(-delta * 200)) / delta, rel=1e-12)
    assert (np.diff(horizons) > 0).all()
    assert horizons[-1] == 200.0


@pytest.mark.parametrize("rate", [0.0, -0.1, math.nan, math.inf])
def test_rates_out_of_range(rate):
    with pytest.raises(InputError, match=r"discount_rate_per_year is .*; it must be above 0"):
        discount_per_week(rate)


def test_horizons_and_margins_out_of_range():
    refuse_horizon(0.0)
    refuse_margin(1.0)
    for weeks in (-1.0, math.nan, math.inf):
        with pytest.raises(InputError, match=r"horizon_weeks is .*; it must be a number of weeks, 0 or more"):
            refuse_horizon(weeks)
    for share in (0.0, 30.0, math.nan):
        with pytest.raises(InputError, match=r"margin_share is .*; it must be above 0 and at most 1"):
            refuse_margin(share)

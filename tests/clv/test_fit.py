import json

import numpy as np
import pandas as pd
import pytest

from policy_sim.clv import BgNbdFit, CustomerSummary, fit_bg_nbd, summarise
from policy_sim.clv.fit import checked_summary


def test_as_a_table_and_as_plain_data(cdnow_calibration):
    fit = fit_bg_nbd(cdnow_calibration)
    pd.testing.assert_frame_equal(
        fit.to_frame(),
        pd.DataFrame(
            {
                "parameter": list(fit.parameters),
                "value": list(fit.parameters.values()),
                "standard_error": list(fit.standard_errors.values()),
            }
        ),
    )
    content = fit.to_dict()
    assert json.loads(json.dumps(content)) == content
    assert content == {
        "model": "BG/NBD",
        "parameters": fit.parameters,
        "standard_errors": fit.standard_errors,
        "log_likelihood": fit.log_likelihood,
        "aic": fit.aic,
        "bic": fit.bic,
        "customers": 2357,
    }


def test_what_is_not_known_of_parameters_that_were_not_fitted():
    content = BgNbdFit(0.243, 4.414, 0.793, 2.426).to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert set(content["standard_errors"].values()) == {None}
    assert content["log_likelihood"] is content["aic"] is content["bic"] is None


def test_a_summary_is_taken_as_it_is_and_a_log_up_to_its_last_date(cdnow, cdnow_calibration):
    assert checked_summary(cdnow_calibration, "model") is cdnow_calibration
    np.testing.assert_array_equal(checked_summary(cdnow, "model").age_weeks, summarise(cdnow).age_weeks)


def test_an_undetermined_fit_has_no_errors_in_its_plain_data():
    customers = CustomerSummary.of_histories([1, 1, 2, 1, 2, 0], [5, 6, 9, 4, 8, 0], [20] * 6)
    with pytest.warns(UserWarning, match="do not determine"):
        fit = fit_bg_nbd(customers)
    json.dumps(fit.to_dict(), allow_nan=False)

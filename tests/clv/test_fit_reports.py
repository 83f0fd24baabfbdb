import inspect
import json

import numpy as np
import pandas as pd

from policy_sim import clv
from policy_sim.clv import BgBbFit, OpportunitiesReport

# what is no result: a warning, and a request
OTHERS = ("BoundaryWarning", "FitRequest")


def test_every_public_result_knows_itself_as_a_table_and_as_plain_data():
    classes = [getattr(clv, name) for name in clv.__all__ if inspect.isclass(getattr(clv, name))]
    results = [kind for kind in classes if kind.__name__ not in OTHERS]
    assert len(results) > 20
    for kind in results:
        assert callable(kind.to_frame), kind
        assert callable(kind.to_dict), kind


def test_a_table_is_a_copy_and_plain_data_hold_its_quantiles():
    customers = pd.DataFrame({"customer": ["a", "b", "c"], "dert": [1.0, 2.0, 6.0]})
    report = OpportunitiesReport(BgBbFit(1.2, 0.7, 0.6, 2.8), customers, "month", 0.15, 0.0117)
    table = report.to_frame()
    table["dert"] = np.nan
    content = report.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert content["mean_dert"] == 3.0
    assert content["dert_quantiles"]["0.5"] == 2.0
    assert report.fits == (report.fit,)

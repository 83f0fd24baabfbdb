"""The customer models against `lifetimes` 0.11.3, as ratios in one run; run by hand, prints a table.

Needs `pip install lifetimes==0.11.3` (extra "benchmark"). Times are of this machine in this minute; only the ratios
mean something.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from lifetimes.utils import summary_data_from_transaction_data
from rich.console import Console
from rich.table import Table
from timing import shortest

from policy_sim.border import shipped
from policy_sim.clv import fit_bg_nbd, fit_gamma_gamma, fit_pareto_nbd, read_transactions, summarise

CUSTOMERS = 1_000_000


def main() -> None:
    warnings.simplefilter("ignore")
    table = Table("what", "here, s", "lifetimes, s", "ratio", "wanted")

    def row(what: str, wanted: float, own: Callable[[], object], other: Callable[[], object], repeats: int = 3) -> None:
        mine, theirs = shortest(own, repeats), shortest(other, 1 if repeats == 1 else 3)
        table.add_row(what, f"{mine:.4f}", f"{theirs:.4f}", f"{theirs / mine:.1f}x", f"{wanted:.0f}x")

    log = read_transactions(shipped("data") / "cdnow" / "transactions.csv")
    early = summarise(log, "1997-09-30")
    x, t_x, T = early.frequency, early.recency_weeks, early.age_weeks
    buys = early.spend_count > 0
    spent = (early.spend_count[buys], early.mean_spend[buys])
    other_bg, other_gg = BetaGeoFitter().fit(x, t_x, T), GammaGammaFitter().fit(*spent)
    bg, gg = fit_bg_nbd(early), fit_gamma_gamma(early)
    row("fit BG/NBD, CDNOW", 20, lambda: fit_bg_nbd(early), lambda: BetaGeoFitter().fit(x, t_x, T), 5)
    row("fit Pareto/NBD, CDNOW", 30, lambda: fit_pareto_nbd(early), lambda: ParetoNBDFitter().fit(x, t_x, T), 5)
    row("fit Gamma-Gamma, CDNOW", 6, lambda: fit_gamma_gamma(early), lambda: GammaGammaFitter().fit(*spent), 5)

    # a million customers like those of CDNOW, none the same as another
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, len(x), CUSTOMERS)
    age = T[drawn] * rng.uniform(0.9, 1.1, CUSTOMERS)
    many = (x[drawn], t_x[drawn] / T[drawn] * age, age)
    mean_spend, count = np.nan_to_num(early.mean_spend[drawn], nan=30.0), early.spend_count[drawn]
    row(
        "expected purchases in 52 weeks, 1,000,000 customers", 6,
        lambda: bg.expected_purchases(52, *many),
        lambda: other_bg.conditional_expected_number_of_purchases_up_to_time(52, *many), 1,
    )  # fmt: skip
    series = [pd.Series(values) for values in (*many, mean_spend)]
    row(
        "value within 12 months, 1,000,000 customers", 15,
        lambda: bg.discounted_purchases(0.15, 52, *many) * gg.expected_spend(mean_spend, count),
        lambda: other_gg.customer_lifetime_value(other_bg, *series, time=12, discount_rate=0.0117, freq="W"), 1,
    )  # fmt: skip

    frame = pd.DataFrame(
        {"customer": log.labels[log.customer], "date": log.date.astype("datetime64[ns]"), "amount": log.amount}
    )
    many_logs = pd.concat(
        [frame.assign(customer=frame["customer"] + f"-{copy}") for copy in range(100)], ignore_index=True
    )
    # both begin with the same table and end with frequency, recency, age and mean spend of each customer
    for order, rows in (
        ("each copy sorted", many_logs),
        ("shuffled", many_logs.sample(frac=1, random_state=0, ignore_index=True)),
    ):
        row(
            f"log of {len(rows):,} rows, {order}, to summary", 5,
            lambda rows=rows: summarise(read_transactions(rows)),
            lambda rows=rows: summary_data_from_transaction_data(rows, "customer", "date", "amount", freq="W"), 3,
        )  # fmt: skip
    Console().print(table)


if __name__ == "__main__":
    main()

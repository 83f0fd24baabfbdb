"""Transactions in, the future value of each customer out.

Reading a log: `read_transactions`, `summarise`. How often customers buy, and for how long: `fit_bg_nbd`. For how much:
`fit_gamma_gamma`. What it all comes to: `future_values`.
"""

from policy_sim.clv.bg_nbd import WEEKS_PER_YEAR, BgNbdFit, fit_bg_nbd
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.future_value import FutureValues, future_values
from policy_sim.clv.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from policy_sim.clv.likelihood import BoundaryWarning
from policy_sim.clv.transactions import CustomerSummary, Reading, Transactions, read_transactions, summarise

__all__ = [
    "WEEKS_PER_YEAR",
    "BgNbdFit",
    "BoundaryWarning",
    "CustomerSummary",
    "FutureValues",
    "GammaGammaFit",
    "Reading",
    "Transactions",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "future_values",
    "read_transactions",
    "scaled_exponential_integral",
    "summarise",
]

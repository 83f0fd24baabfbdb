"""Transactions in, the future value of each customer out."""

from policy_sim.clv.bg_nbd import BgNbdFit, fit_bg_nbd
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.fit import WEEKS_PER_YEAR, Fit, PurchaseFit
from policy_sim.clv.future_value import FutureValues, draw_value_ratios, future_values
from policy_sim.clv.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from policy_sim.clv.likelihood import BoundaryWarning
from policy_sim.clv.transactions import CustomerSummary, Reading, Transactions, read_transactions, summarise

__all__ = [
    "WEEKS_PER_YEAR",
    "BgNbdFit",
    "BoundaryWarning",
    "CustomerSummary",
    "Fit",
    "FutureValues",
    "GammaGammaFit",
    "PurchaseFit",
    "Reading",
    "Transactions",
    "draw_value_ratios",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "future_values",
    "read_transactions",
    "scaled_exponential_integral",
    "summarise",
]

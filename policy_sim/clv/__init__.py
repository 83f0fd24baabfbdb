"""Transactions in, the future value of each customer out.

    read_transactions -> summarise -> fit_bg_nbd (or another model), fit_gamma_gamma -> future_values

`fit_model` goes all the way in one call. The words are those of the literature: *frequency* counts repeat purchases,
*recency* is the time from a customer's first purchase to the last, *age* that from the first to the end of observation.
Nobody says when they stop being a customer, so a model infers the chance that they are still *alive*; whoever is not
has *dropped out*. *DERT* are the discounted expected residual transactions: purchases from now for ever, at today's
worth.

| model | for customers who | module |
|---|---|---|
| BG/NBD | buy at any time and may drop out after each repeat purchase | `bg_nbd` |
| MBG/NBD | the same, and may drop out after the very first purchase | `mbg_nbd` |
| Pareto/NBD | buy at any time and may drop out at any time | `pareto_nbd` |
| Pareto/NBD with covariates | the same, and differ by what is known of them | `pareto_nbd_covariates` |
| recovery-aware BG/NBD | may drop out after a failed purchase, by how it was made good | `recovery_bg_nbd` |
| BG/BB | can buy once a period | `bg_bb` |
| shifted beta-geometric | are under contract and renew or leave | `shifted_beta_geometric` |
| Gamma-Gamma | spend different amounts on an order | `gamma_gamma` |
"""

from policy_sim.clv.bg_bb import BgBbFit, fit_bg_bb
from policy_sim.clv.bg_nbd import BgNbdFit, fit_bg_nbd
from policy_sim.clv.comparison import PURCHASE_MODELS, ModelComparison, compare_models, fit_purchases
from policy_sim.clv.contracts import ContractSummary, read_contracts
from policy_sim.clv.covariates import read_covariates
from policy_sim.clv.discounting import PUBLISHED_WEEKS_PER_YEAR
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.failure_values import CAVEATS, FailureValues
from policy_sim.clv.fit import Fit, PurchaseFit
from policy_sim.clv.fit_reports import (
    ContractsReport,
    FitReport,
    OpportunitiesReport,
    PurchasesReport,
    RecoveriesReport,
)
from policy_sim.clv.fitting import FIT_MODELS, FitRequest, fit_model, refuse_other_options
from policy_sim.clv.future_value import (
    FutureValues,
    OrderValues,
    draw_value_ratios,
    future_values,
    order_values,
    values_after,
)
from policy_sim.clv.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from policy_sim.clv.histories import CustomerSummary, histories_after, summarise
from policy_sim.clv.likelihood import BoundaryWarning
from policy_sim.clv.mbg_nbd import MbgNbdFit, fit_mbg_nbd
from policy_sim.clv.opportunities import DiscreteSummary, opportunities_per_year, summarise_opportunities
from policy_sim.clv.pareto_nbd import ParetoNbdFit, fit_pareto_nbd
from policy_sim.clv.pareto_nbd_covariates import (
    ParetoNbdCovariatesFit,
    ParetoNbdCustomers,
    fit_pareto_nbd_covariates,
)
from policy_sim.clv.recent_orders import RecentOrders, recent_orders
from policy_sim.clv.recoveries import RecoverySummary, read_recoveries, summarise_recoveries
from policy_sim.clv.recovery_bg_nbd import RecoveryBgNbdFit, fit_recovery_bg_nbd
from policy_sim.clv.shifted_beta_geometric import ShiftedBetaGeometricFit, fit_shifted_beta_geometric
from policy_sim.orders import Reading, Transactions, read_transactions

__all__ = [
    "CAVEATS",
    "FIT_MODELS",
    "PUBLISHED_WEEKS_PER_YEAR",
    "PURCHASE_MODELS",
    "BgBbFit",
    "BgNbdFit",
    "BoundaryWarning",
    "ContractSummary",
    "ContractsReport",
    "CustomerSummary",
    "DiscreteSummary",
    "FailureValues",
    "Fit",
    "FitReport",
    "FitRequest",
    "FutureValues",
    "GammaGammaFit",
    "MbgNbdFit",
    "ModelComparison",
    "OpportunitiesReport",
    "OrderValues",
    "ParetoNbdCovariatesFit",
    "ParetoNbdCustomers",
    "ParetoNbdFit",
    "PurchaseFit",
    "PurchasesReport",
    "Reading",
    "RecentOrders",
    "RecoveriesReport",
    "RecoveryBgNbdFit",
    "RecoverySummary",
    "ShiftedBetaGeometricFit",
    "Transactions",
    "compare_models",
    "draw_value_ratios",
    "fit_bg_bb",
    "fit_bg_nbd",
    "fit_gamma_gamma",
    "fit_mbg_nbd",
    "fit_model",
    "fit_pareto_nbd",
    "fit_pareto_nbd_covariates",
    "fit_purchases",
    "fit_recovery_bg_nbd",
    "fit_shifted_beta_geometric",
    "future_values",
    "histories_after",
    "opportunities_per_year",
    "order_values",
    "read_contracts",
    "read_covariates",
    "read_recoveries",
    "read_transactions",
    "recent_orders",
    "refuse_other_options",
    "scaled_exponential_integral",
    "summarise",
    "summarise_opportunities",
    "summarise_recoveries",
    "values_after",
]

"""Transactions in, the future value of each customer out."""

from policy_sim.clv.bg_bb import BgBbFit, DiscreteSummary, fit_bg_bb, opportunities_per_year, summarise_opportunities
from policy_sim.clv.bg_nbd import BgNbdFit, fit_bg_nbd
from policy_sim.clv.comparison import PURCHASE_MODELS, ModelComparison, compare_models, fit_purchases
from policy_sim.clv.exponential_integral import scaled_exponential_integral
from policy_sim.clv.fit import WEEKS_PER_YEAR, Fit, PurchaseFit
from policy_sim.clv.future_value import FutureValues, draw_value_ratios, future_values
from policy_sim.clv.gamma_gamma import GammaGammaFit, fit_gamma_gamma
from policy_sim.clv.likelihood import BoundaryWarning
from policy_sim.clv.mbg_nbd import MbgNbdFit, fit_mbg_nbd
from policy_sim.clv.pareto_nbd import (
    ParetoNbdCovariatesFit,
    ParetoNbdCustomers,
    ParetoNbdFit,
    fit_pareto_nbd,
    fit_pareto_nbd_covariates,
)
from policy_sim.clv.recoveries import RecoverySummary, read_recoveries, summarise_recoveries
from policy_sim.clv.recovery_bg_nbd import FailureValues, RecoveryBgNbdFit, fit_recovery_bg_nbd
from policy_sim.clv.shifted_beta_geometric import (
    ContractSummary,
    ShiftedBetaGeometricFit,
    fit_shifted_beta_geometric,
    read_contracts,
)
from policy_sim.clv.transactions import (
    CustomerSummary,
    Reading,
    Transactions,
    read_covariates,
    read_transactions,
    summarise,
)

__all__ = [
    "PURCHASE_MODELS",
    "WEEKS_PER_YEAR",
    "BgBbFit",
    "BgNbdFit",
    "BoundaryWarning",
    "ContractSummary",
    "CustomerSummary",
    "DiscreteSummary",
    "FailureValues",
    "Fit",
    "FutureValues",
    "GammaGammaFit",
    "MbgNbdFit",
    "ModelComparison",
    "ParetoNbdCovariatesFit",
    "ParetoNbdCustomers",
    "ParetoNbdFit",
    "PurchaseFit",
    "Reading",
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
    "fit_pareto_nbd",
    "fit_pareto_nbd_covariates",
    "fit_purchases",
    "fit_recovery_bg_nbd",
    "fit_shifted_beta_geometric",
    "future_values",
    "opportunities_per_year",
    "read_contracts",
    "read_covariates",
    "read_recoveries",
    "read_transactions",
    "scaled_exponential_integral",
    "summarise",
    "summarise_opportunities",
    "summarise_recoveries",
]

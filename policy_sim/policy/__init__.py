"""Who may decide what; knows no payoffs."""

from policy_sim.policy.authority import Authority, InForce, authority, limit_words
from policy_sim.policy.limits import (
    ASK,
    FILE_FORMAT,
    NO_LIMIT,
    Guard,
    Lever,
    LimitException,
    Policy,
    Tier,
    limit_content,
    load_policy,
    load_shipped_policies,
    parse_lever,
)

__all__ = [
    "ASK",
    "FILE_FORMAT",
    "NO_LIMIT",
    "Authority",
    "Guard",
    "InForce",
    "Lever",
    "LimitException",
    "Policy",
    "Tier",
    "authority",
    "limit_content",
    "limit_words",
    "load_policy",
    "load_shipped_policies",
    "parse_lever",
]

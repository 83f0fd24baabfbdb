"""What goes wrong, what can be done about it, how customers answer, and how long whoever is asked takes."""

from policy_sim.service.cases import Cases, complete_cases, draw_cases, read_cases, read_usable_cases
from policy_sim.service.claiming import caught_share, learned_claiming
from policy_sim.service.facts import (
    by_failure,
    draw_asks,
    draw_failures,
    draw_lognormal,
    draw_severity,
    draw_suspicion,
)
from policy_sim.service.pictures import customers_moved, value_that_moves
from policy_sim.service.queue import Waiting, erlang_c, waiting
from policy_sim.service.remedies import Menu, compile_menu
from policy_sim.service.response import (
    chance_lost,
    compensation_effect,
    insult,
    over_compensation,
    recency_of_failure,
    spend_multiplier,
)

__all__ = [
    "Cases",
    "Menu",
    "Waiting",
    "by_failure",
    "caught_share",
    "chance_lost",
    "compensation_effect",
    "compile_menu",
    "complete_cases",
    "customers_moved",
    "draw_asks",
    "draw_cases",
    "draw_failures",
    "draw_lognormal",
    "draw_severity",
    "draw_suspicion",
    "erlang_c",
    "insult",
    "learned_claiming",
    "over_compensation",
    "read_cases",
    "read_usable_cases",
    "recency_of_failure",
    "spend_multiplier",
    "value_that_moves",
    "waiting",
]

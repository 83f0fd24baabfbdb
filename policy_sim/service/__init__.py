"""What goes wrong, what can be done about it, how customers answer, and how long whoever is asked takes."""

from policy_sim.service.cases import Cases, draw_cases, read_cases, read_usable_cases
from policy_sim.service.claiming import caught_share, learned_claiming
from policy_sim.service.queue import Waiting, erlang_c, waiting
from policy_sim.service.remedies import Menu, compile_menu, compose
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
    "caught_share",
    "chance_lost",
    "compensation_effect",
    "compile_menu",
    "compose",
    "draw_cases",
    "erlang_c",
    "insult",
    "learned_claiming",
    "over_compensation",
    "read_cases",
    "read_usable_cases",
    "recency_of_failure",
    "spend_multiplier",
    "waiting",
]

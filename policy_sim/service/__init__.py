"""What goes wrong, what can be done about it, and how customers answer."""

from policy_sim.service.cases import Cases, draw_cases, read_cases
from policy_sim.service.queue import Waiting, erlang_c, waiting
from policy_sim.service.remedies import Menu, compile_menu
from policy_sim.service.response import chance_lost, compensation_effect, over_compensation, spend_multiplier

__all__ = [
    "Cases",
    "Menu",
    "Waiting",
    "chance_lost",
    "compensation_effect",
    "compile_menu",
    "draw_cases",
    "erlang_c",
    "over_compensation",
    "read_cases",
    "spend_multiplier",
    "waiting",
]

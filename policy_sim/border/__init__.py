"""The border: what people hand to the program, and what it hands back to them.

In: names and files. Out: checked Python objects, files written whole or not at all, `InputError`,
reports of progress. Left to others: what a scenario, a policy or a log means.

`errors` says what is wrong in one line, `guard` turns whatever goes wrong over somebody's bytes into that, and all
readers stand behind it: `plain` (YAML, JSON), `tables` (CSV, Parquet), and those of policies in `publish`.
"""

from policy_sim.border.errors import InputError, check_at_least, check_finite, nearest, not_installed, one_line, unknown
from policy_sim.border.guard import guarded, is_file, is_folder, read_bytes
from policy_sim.border.models import Described, fault_words, parse_model
from policy_sim.border.places import check_place, find_file, shipped, write_whole
from policy_sim.border.plain import lines_of, parse_json, read_yaml
from policy_sim.border.progress import Progress, Steps
from policy_sim.border.tables import (
    SEPARATORS,
    check_header,
    numbers_of,
    plain_rows,
    read_columns,
    read_parquet,
    separator_of,
    texts_of,
)

__all__ = [
    "SEPARATORS",
    "Described",
    "InputError",
    "Progress",
    "Steps",
    "check_at_least",
    "check_finite",
    "check_header",
    "check_place",
    "fault_words",
    "find_file",
    "guarded",
    "is_file",
    "is_folder",
    "lines_of",
    "nearest",
    "not_installed",
    "numbers_of",
    "one_line",
    "parse_json",
    "parse_model",
    "plain_rows",
    "read_bytes",
    "read_columns",
    "read_parquet",
    "read_yaml",
    "separator_of",
    "shipped",
    "texts_of",
    "unknown",
    "write_whole",
]

"""LogMapping: a file that says which column of a log has which role, for people to correct.

In: a log whose columns have been found, or a file that a person corrected. Out: the file, or `LogMapping`.
Left to others: finding columns by their names (`roles`).
"""

from __future__ import annotations

from pathlib import Path

import pydantic
import yaml

from policy_sim.border import InputError, parse_model, read_yaml, write_whole
from policy_sim.orders.files import header_of
from policy_sim.orders.roles import ROLES, find_roles

__all__ = ["LogMapping", "read_mapping", "write_mapping"]

_HEAD = """\
# Which column of the log has which role. Correct what is wrong, remove what is not there, and give this file back
# with --mapping. Needed: customer, date, and amount (or quantity and unit_price). Columns of this log:
"""


class LogMapping(pydantic.BaseModel):
    """Columns by role, and which statuses count as sales."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = pydantic.Field(
        description=f"By role the name of the column in the log. Roles are {', '.join(ROLES)}."
    )
    count: tuple[str, ...] | None = pydantic.Field(
        None, description="Statuses of orders that count as sales; those that are known to where left out."
    )

    @pydantic.field_validator("columns")
    @classmethod
    def _known(cls, columns: dict[str, str]) -> dict[str, str]:
        for role in columns:
            if role not in ROLES:
                raise ValueError(f"unknown role '{role}'; expected one of: {', '.join(ROLES)}")
        return columns


def read_mapping(path: str | Path) -> LogMapping:
    """Read a mapping file.

    Raises
    ------
    InputError
        If it is missing, or says something that is no role of a column.
    """
    return parse_model(LogMapping, read_yaml(Path(path)), f"mapping '{path}'")


def write_mapping(log: str | Path, path: str | Path) -> Path:
    """Write which columns of a log were found, with all its columns as a comment, for a person to correct.

    Raises
    ------
    InputError
        If the log is missing or has no column names, or the file cannot be written.
    """
    header = header_of(Path(log))
    try:
        positions = dict(find_roles(header, {}, Path(log).name).positions)
    except InputError:
        positions = {}  # a person has to say
    listed = "".join(f"#   {name}\n" for name in header)
    columns = {role: header[k] for role, k in positions.items()} or dict.fromkeys(("customer", "date", "amount"), "")
    text = _HEAD + listed + yaml.safe_dump({"columns": columns}, sort_keys=False, allow_unicode=True)
    write_whole(Path(path), text)
    return Path(path)

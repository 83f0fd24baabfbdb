"""Names: what limits are called, and how tiers, failures and the like may be named in files.

In: nothing. Out: `LIMITS`, `Name`; light to import, so that a help-desk script can read policies.
Left to others: what a scenario assumes about them (`assumptions`), how much a limit is (`policy`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["LIMITS", "Name"]

#: Limits that a policy sets, and that remedies draw on.
LIMITS = ("refund", "credit", "keep_item", "replacement", "total_cost")

#: How tiers, failures, remedies, assumptions and the like are named in files.
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]

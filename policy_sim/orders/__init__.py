"""What counts as an order: whose it is, when, and how much money, from the files that companies keep.

read_transactions(file) -> Transactions, with an account of the reading: what was set aside, and what looks wrong
"""

from policy_sim.orders.dates import DAYS_PER_WEEK, Day, day_of, weeks_of
from policy_sim.orders.mapping import LogMapping, read_mapping, write_mapping
from policy_sim.orders.order_rows import OrderRows, read_order_rows
from policy_sim.orders.reading import Reading, Remark
from policy_sim.orders.transactions import Transactions, read_transactions

__all__ = [
    "DAYS_PER_WEEK",
    "Day",
    "LogMapping",
    "OrderRows",
    "Reading",
    "Remark",
    "Transactions",
    "day_of",
    "read_mapping",
    "read_order_rows",
    "read_transactions",
    "weeks_of",
    "write_mapping",
]

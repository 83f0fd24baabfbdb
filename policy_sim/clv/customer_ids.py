"""Customer ids: which customer each row of a log belongs to.

In: the column of ids as it was written. Out: a number for each row, and the ids these numbers stand for, sorted.
Left to others: which column that is (`columns`), and what customers bought.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.clv.columns import LogColumns
from policy_sim.clv.sorting import begins_run, order_of_texts

__all__ = ["number_customers", "without_unused"]

Places = NDArray[np.intp]

_NO_CUSTOMER = frozenset(("", "nan", "NaN", "<NA>", "NULL", "null", "None"))


def number_customers(columns: LogColumns) -> tuple[Places, NDArray[np.str_]]:
    """Return (n_rows,) the number of each row's customer, and the ids these numbers stand for, sorted as text.

    Raises
    ------
    InputError
        If a row has no customer id; the message names the first.
    """
    column = columns.customer
    missing = column.isna().to_numpy(dtype=bool)
    if pd.api.types.is_float_dtype(column.dtype) and not missing.any() and (column % 1 == 0).all():
        column = column.astype(np.int64)
    if column.dtype == object:
        column = column.astype(str)  # of mixed kinds 1 and 1.0 are equal, but not as text
    codes, unique = pd.factorize(column)
    text = pd.Series(unique).astype(str).str.strip()
    missing = missing | np.append(text.isin(_NO_CUSTOMER).to_numpy(dtype=bool), True)[codes]
    if missing.any():
        count = int(missing.sum())
        raise InputError(
            f"{columns.place(int(np.argmax(missing)))}: the customer id in column '{columns.names['customer']}' is "
            f"missing ({count:,} {'row' if count == 1 else 'rows'} in all); expected an id in each row; fill it in or "
            "remove the row, or name another column with --customer-column"
        )
    ids = _text_array(text)
    order = order_of_texts(ids)
    ids = ids[order]
    is_new = begins_run(ids)  # two ids may be one without the spaces around them
    number = np.empty(ids.size, dtype=np.intp)
    number[order] = np.cumsum(is_new) - 1
    return number[codes], ids[is_new]


def without_unused(labels: NDArray[np.str_], customer: Places) -> tuple[NDArray[np.str_], Places]:
    """Return the labels of the customers that occur, and the customers numbered by them."""
    occurs = np.zeros(labels.size, dtype=bool)
    occurs[customer] = True
    if occurs.all():
        return labels, customer
    return labels[occurs], (np.cumsum(occurs) - 1)[customer]


def _text_array(text: pd.Series) -> NDArray[np.str_]:
    """Return `text.to_numpy(dtype=np.str_)`, without a Python object for each text on the way."""
    column = pa.table({"text": text})["text"].combine_chunks()
    width = pc.max(pc.utf8_length(column)).as_py()
    padded = pc.utf8_rpad(column, width, padding="\0")
    joined = padded.buffers()[2][: pc.sum(pc.binary_length(padded)).as_py()].to_pybytes().decode()
    return np.frombuffer(joined.encode("utf-32-le"), dtype=f"<U{width}")

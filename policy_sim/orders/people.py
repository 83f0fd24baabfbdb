"""People: which customer each row of a log belongs to.

In: the columns with ids and e-mails as they were written. Out: the id of each row, rows that belong to nobody, remarks;
then a number for each id. Left to others: which columns these are (`roles`), and what customers bought.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from policy_sim.border import InputError
from policy_sim.orders.reading import Remark, counted
from policy_sim.orders.sorting import begins_run, order_of_texts
from policy_sim.orders.table import DistinctTexts, LogTable, SetAside

__all__ = ["number_customers", "settle_customers", "without_unused"]

Places = NDArray[np.intp]
Flags = NDArray[np.bool_]

_BLANK = frozenset(("", "nan", "NaN", "<NA>", "NULL", "null", "None", "NaT"))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that no person is called.
_NOBODY = _words(
    "guest guests anonymous unknown n/a n.a. #n/a walk-in walkin guestcheckout nocustomer notavailable gast inconnu "
    "anonyme invité invitado not_logged_in notset (notset) undefined"
)
#: Ids that stand for nobody where they stand for far more orders than any other.
_PLACEHOLDERS = _words("0 00 000 0000 -1 -- - . x na none default 9999 99999 999999 9999999 test customer cash")
_ABSURD = 3  # times the orders of the next most frequent id
_NEARLY_ALL = 0.97
_CROWD_SHARE, _CROWD_TIMES = 0.05, 10
_MANY_EMAILS = 5  # behind one id
_MOST_WHOLE = 2**53  # up to which a float tells whole numbers apart
_SCIENTIFIC = r"^\d(?:[.,]\d+)?[eE]\+\d+$"


def settle_customers(table: LogTable) -> tuple[LogTable, list[SetAside], list[Remark]]:
    """Return the table with the ids that people go by, rows that belong to nobody, and what was decided.

    Ids that stand for nobody (blank, "guest", 0 where it has far more orders than any other) give way to the e-mail
    beside them; without one their rows are set aside. Where another column of ids persists over orders and the one of
    customers does not, it is used. E-mails are joined whatever their case, and 123.0 with 123; other ids that look
    alike are only told.

    Raises
    ------
    InputError
        If no row has a customer.
    """
    table, remarks = _persistent(table)
    ids = _ids(table)
    nobody, placeholders = _is_nobody(ids, table)
    aside: list[SetAside] = []
    if nobody.any():
        aside, more, ids, is_out = _without_nobody(table, ids, nobody, placeholders)
        remarks += more
        if is_out.all():
            raise InputError(
                f"{table.place(0)}: the customer id in column '{table.names['customer']}' is missing "
                f"({counted(len(table))} in all); expected an id in each row; fill it in, or name another column "
                "with --customer-column"
            )
    codes, labels, more = _joined(table, ids)
    remarks += more + _told_of_crowd(table, ids)
    column = pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)[ids.codes]), labels)
    table = replace(table, columns={**table.columns, "customer": pd.Series(column, dtype=pd.ArrowDtype(column.type))})
    if aside:
        table = table.take(np.flatnonzero(~is_out))
    return table, aside, remarks


def number_customers(column: pd.Series) -> tuple[Places, NDArray[np.str_]]:
    """Return (n_rows,) the number of each row's customer, and the ids these numbers stand for, sorted as text.

    The column is one of `settle_customers`.
    """
    encoded = pa.table({"customer": column})["customer"].combine_chunks()
    ids = _text_array(encoded.dictionary)
    order = order_of_texts(ids)
    ids = ids[order]
    is_new = begins_run(ids)
    number = np.empty(ids.size, dtype=np.intp)
    number[order] = np.cumsum(is_new) - 1
    return number[encoded.indices.to_numpy()], ids[is_new]


def without_unused(labels: NDArray[np.str_], customer: Places) -> tuple[NDArray[np.str_], Places]:
    """Return the labels of the customers that occur, and the customers numbered by them."""
    occurs = np.zeros(labels.size, dtype=bool)
    occurs[customer] = True
    if occurs.all():
        return labels, customer
    return labels[occurs], (np.cumsum(occurs) - 1)[customer]


def _ids(table: LogTable, role: str = "customer") -> DistinctTexts:
    column = table.columns[role]
    if pd.api.types.is_float_dtype(column.dtype):
        present = column[column.notna()]
        if ((present % 1 == 0) & (present.abs() <= _MOST_WHOLE)).all():
            column = column.astype("Int64")
    if column.dtype == object:
        column = column.where(column.notna(), "").astype(str)  # of mixed kinds 1 and 1.0 are equal, but not as text
    return DistinctTexts.of(table, role, column)


def _persistent(table: LogTable) -> tuple[LogTable, list[Remark]]:
    """Go by another column of ids where the one of customers is new with each order and that one is not."""
    remarks: list[Remark] = []
    for role in ("other_customer", "email"):
        if not table.has(role) or not table.has("customer"):
            continue
        own, other = _ids(table), _ids(table, role)
        filled = (other.counts()[other.text.to_numpy(dtype=object) != ""]).sum()
        orders = table.text("order").text.size if table.has("order") else len(table)
        own_count, other_count = own.text.size, int((other.text != "").sum())
        # nearly every order has an id of its own, and the other column has people who come back
        if (
            own_count >= 0.97 * orders
            and own_count > 1
            and filled >= 0.9 * len(table)
            and other_count < 0.97 * own_count
        ):
            name, other_name = table.names["customer"], table.names[role]
            says = (
                f"column '{name}' has {own_count:,} ids for {orders:,} orders, so hardly anybody comes back; "
                f"'{other_name}', with {other_count:,}, is used instead"
            )
            remarks.append(Remark("customers", says, len(table)))
            columns = {**table.columns, "customer": table.columns[role]}
            table = replace(table, columns=columns, names={**table.names, "customer": other_name})
    return table, remarks


def _is_nobody(ids: DistinctTexts, table: LogTable) -> tuple[Flags, list[int]]:
    """Return (n_texts,) which ids stand for nobody, and those among them that are not simply blank."""
    counts = ids.counts()
    is_blank = _is_one_of(ids.compact, _BLANK)
    is_nobody = is_blank | _is_one_of(ids.folded, _NOBODY)
    suspects = np.flatnonzero(_is_one_of(ids.folded, _PLACEHOLDERS) & ~is_nobody)
    others = np.sort(np.where(is_nobody, 0, counts))[::-1]
    for k in suspects:
        next_most = others[1] if others.size > 1 and others[0] == counts[k] else others[0]
        if counts[k] >= max(2, _ABSURD * int(next_most)) or _emails_behind(table, ids, int(k)) >= 2:
            is_nobody[k] = True
    if table.has("email") and counts.size > 1:
        most = int(np.argmax(np.where(is_nobody, 0, counts)))
        second = np.sort(np.where(is_nobody, 0, counts))[-2]
        if counts[most] > _ABSURD * second and _emails_behind(table, ids, most) >= _MANY_EMAILS:
            is_nobody[most] = True
    return is_nobody, np.flatnonzero(is_nobody & ~is_blank).tolist()


def _is_one_of(texts: pa.Array, words: frozenset[str]) -> Flags:
    return np.asarray(pc.is_in(texts, pa.array(sorted(words))).to_numpy(zero_copy_only=False), dtype=np.bool_)


def _emails_behind(table: LogTable, ids: DistinctTexts, k: int) -> int:
    if not table.has("email"):
        return 0
    emails = table.columns["email"][ids.codes == k].astype(str).str.strip().str.lower()
    return int(emails[emails.str.contains("@", regex=False)].nunique())


def _without_nobody(
    table: LogTable, ids: DistinctTexts, nobody: Flags, placeholders: list[int]
) -> tuple[list[SetAside], list[Remark], DistinctTexts, Flags]:
    name = table.names["customer"]
    is_out = nobody[ids.codes]
    listed = ", ".join(f"'{ids.text[k]}'" for k in placeholders[:3]) or "blank"
    whose = f"{counted(int(is_out.sum()))} whose customer in column '{name}' is nobody ({listed})"
    remarks: list[Remark] = []
    if table.has("email"):
        emails = table.columns["email"].where(table.columns["email"].notna(), "").astype(str).str.strip()
        has_email = is_out & emails.str.contains("@", regex=False).to_numpy(bool)
        rows = np.flatnonzero(has_email)
        if rows.size:
            column = pd.Series(ids.text.to_numpy(dtype=object)[ids.codes], dtype=object)
            own = _ids_of_emails(emails[~is_out], column[~is_out])
            lower = emails.iloc[rows].str.lower()
            known = lower.map(own)
            column.iloc[rows] = known.where(known.notna(), lower).to_numpy(dtype=object)
            ids = DistinctTexts.of(table, "customer", column)
            is_out &= ~has_email
            says = f"{whose}: {rows.size:,} go by '{table.names['email']}' instead"
            if known.notna().any():
                says += f", {int(known.notna().sum()):,} of them by the id that the same e-mail has elsewhere"
            remarks.append(Remark("customers", says, int(rows.size), table.examples("email", rows)))
    positions = np.flatnonzero(is_out)
    if not positions.size:
        return [], remarks, ids, is_out
    says = f"{whose if not remarks else counted(int(positions.size)) + ' without a customer'} are left out"
    return [SetAside.of(table, positions, "customers", says, "customer")], remarks, ids, is_out


def _ids_of_emails(emails: pd.Series, ids: pd.Series) -> pd.Series:
    """Return by e-mail the id that it stands beside, where it is always the same one."""
    pairs = pd.DataFrame({"email": emails.str.lower(), "id": ids}).drop_duplicates()
    pairs = pairs[pairs["email"].str.contains("@", regex=False)]
    return pairs.drop_duplicates("email", keep=False).set_index("email")["id"]


def _told_of_crowd(table: LogTable, ids: DistinctTexts) -> list[Remark]:
    """Tell of an id with so many rows that it may stand for more than one person."""
    counts = ids.counts()
    most = int(np.argmax(counts))
    second = int(np.sort(counts)[-2]) if counts.size > 1 else 0
    if counts.size < 3 or counts[most] < _CROWD_SHARE * counts.sum() or counts[most] < _CROWD_TIMES * second:
        return []
    says = (
        f"customer '{ids.text[most]}' in column '{table.names['customer']}' has {counts[most]:,} of {counts.sum():,} "
        f"rows, the next {second:,}; if that id stands for guests or a till, leave its rows out"
    )
    return [Remark("customers", says, int(counts[most]), (": ".join(ids.example(most)),))]


def _joined(table: LogTable, ids: DistinctTexts) -> tuple[Places, pa.Array, list[Remark]]:
    """Return (n_texts,) which label an id goes by, the labels, and remarks on what was joined or told."""
    name = table.names["customer"]
    remarks: list[Remark] = []
    # a log may have a million ids: what is asked of each is asked in compiled code
    plain = ids.compact
    settled = pc.if_else(pc.match_substring(plain, "@"), pc.utf8_lower(plain), plain)
    settled = _replaced(settled, r"^(\d+)\.0+$", r"\1")
    codes, distinct = _numbered(settled)
    joined = len(pc.unique(plain)) - len(distinct) if len(distinct) < len(plain) else 0
    if joined:
        changed = np.flatnonzero(pc.not_equal(settled, plain).to_numpy(zero_copy_only=False))
        spellings = counted(joined, "spelling", "spellings")
        says = f"{spellings} in column '{name}' joined with another (case of e-mails, 123.0 for 123)"
        rows = int(ids.counts()[changed].sum())
        examples = tuple(f"{ids.example(int(k))[0]}: {plain[int(k)]}" for k in changed[:3])
        remarks.append(Remark("customers", says, rows, examples))
    folded = ids.folded if distinct.equals(plain) else pc.replace_substring_regex(pc.utf8_lower(distinct), r"\s+", "")
    spelling, _ = _numbered(_replaced(folded, r"^0+(\d+)$", r"\1"))
    times = np.bincount(spelling)
    count = int((times > 1).sum())
    if count:
        shown = distinct.take(pa.array(np.flatnonzero(times[spelling] > 1)[:4])).to_pylist()
        says = (
            f"{counted(count, 'customer', 'customers')} in column '{name}' may stand under several spellings (case, "
            f"spaces, leading zeros), such as {', '.join(repr(one) for one in shown)}; they were kept apart: "
            "write them in one way if they are one"
        )
        remarks.append(Remark("customers", says, count, tuple(shown)))
    cut = distinct.filter(pc.match_substring_regex(distinct, _SCIENTIFIC))
    if len(cut):
        says = (
            f"{counted(len(cut), 'id', 'ids')} in column '{name}', such as '{cut[0]}', lost digits in a spreadsheet, "
            "so that several customers may share one; export the log again with ids as text"
        )
        remarks.append(Remark("customers", says, len(cut), tuple(cut[:3].to_pylist())))
    return codes, distinct, remarks


def _replaced(texts: pa.Array, pattern: str, replacement: str) -> pa.Array:
    """Return texts with a pattern replaced: to look for it is faster than to replace it in each."""
    has_any = pc.any(pc.match_substring_regex(texts, pattern)).as_py()
    return pc.replace_substring_regex(texts, pattern, replacement) if has_any else texts


def _numbered(texts: pa.Array) -> tuple[Places, pa.Array]:
    """Return (n_texts,) which of the distinct texts each is, and these; mostly none stands there twice."""
    distinct = pc.unique(texts)
    if len(distinct) == len(texts):
        return np.arange(len(texts)), texts
    encoded = texts.dictionary_encode()
    return encoded.indices.to_numpy().astype(np.intp), encoded.dictionary


def _text_array(texts: pa.Array) -> NDArray[np.str_]:
    """Return `texts.to_numpy().astype(np.str_)`, without a Python object for each text on the way."""
    width = pc.max(pc.utf8_length(texts)).as_py()
    padded = pc.utf8_rpad(texts, width, padding="\0")
    joined = padded.buffers()[2][: pc.sum(pc.binary_length(padded)).as_py()].to_pybytes().decode()
    return np.frombuffer(joined.encode("utf-32-le"), dtype=f"<U{width}")

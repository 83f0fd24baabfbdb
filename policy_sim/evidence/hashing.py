"""Hashing: customers' ids and e-mails made unreadable, so that a log of cases can leave the company's own machines.

In: ids, a salt. Out: hashed ids; the salt from a file, the environment, or made. Left to others: which columns are ids.

The salt is never printed. Without it nobody can try names out; with it the same customer has the same id in every log.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]

from policy_sim.border import InputError, is_file

__all__ = ["SALT_VARIABLE", "find_salt", "hashed"]

#: Environment variable that may hold the salt.
SALT_VARIABLE = "POLICY_SIM_SALT"
_NAMES_AT_ONCE = 100_000
_SHORTEST, _LENGTH = 16, 32  # characters of a salt; hexadecimal digits of an id, 128 bits


def hashed(ids: pd.Series, salt: bytes) -> pd.Series:
    """Return ids as the first 32 hexadecimal digits of HMAC-SHA256; "" stays "". Equal ids stay equal.

    References
    ----------
    RFC 2104 (HMAC), FIPS 180-4 (SHA-256).
    """
    array = pa.array(ids.array) if isinstance(ids.dtype, pd.ArrowDtype) else pa.array(ids.astype(object), pa.string())
    encoded = (array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])).dictionary_encode()
    encoded = encoded.combine_chunks()
    distinct, names = encoded.dictionary, []
    for first in range(0, len(distinct), _NAMES_AT_ONCE):
        block = distinct[first : first + _NAMES_AT_ONCE].to_pylist()
        digests = [hmac.digest(salt, name.encode(), "sha256").hex()[:_LENGTH] if name else "" for name in block]
        names.append(pa.array(digests, pa.string()))
    whole = pa.chunked_array(names, pa.string()).take(encoded.indices)
    return pd.Series(whole, dtype=pd.ArrowDtype(pa.string()))


def find_salt(path: Path) -> tuple[bytes, str]:
    """Return the salt, and in words where it comes from.

    It is what the environment variable `POLICY_SIM_SALT` holds; else what stands in the file; else a new one is made
    and put into the file, which only its owner may read.

    Raises
    ------
    InputError
        If it is too short, or the file can be neither read nor written.
    """
    given = os.environ.get(SALT_VARIABLE)
    if given is not None:
        return _checked(given, f"environment variable {SALT_VARIABLE}"), f"the environment variable {SALT_VARIABLE}"
    if is_file(path):
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise InputError(f"salt '{path}' cannot be read: {type(error).__name__}; expected a line of text") from None
        return _checked(text, f"salt '{path}'"), f"'{path}'"
    made = secrets.token_hex(32)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(made + "\n")
    except OSError as error:
        raise InputError(f"cannot write the salt '{path}': {error.strerror}; choose another place with --out") from None
    return made.encode(), f"'{path}', which was made; keep it, and keep it apart from the log"


def _checked(text: str, where: str) -> bytes:
    if len(text.strip()) < _SHORTEST:
        raise InputError(
            f"{where} has {len(text.strip())} characters; expected {_SHORTEST} or more that nobody can guess; remove "
            "it and one is made"
        )
    return text.strip().encode()

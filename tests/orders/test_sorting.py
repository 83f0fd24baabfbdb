import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policy_sim.orders.sorting import begins_run, order_of_texts, sorted_with_places


@given(st.lists(st.one_of(st.integers(0, 9), st.integers(0, 2**61)), min_size=1, max_size=30))
def test_numbers_and_their_places(numbers):
    key = np.array(numbers, dtype=np.int64)
    in_order, places = sorted_with_places(key)
    expected = np.argsort(key, kind="stable")
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(in_order, key[expected])


@given(st.lists(st.text(st.characters(exclude_characters="\0"), max_size=20), min_size=1, max_size=30).filter(any))
def test_texts(texts):
    array = np.array(texts)
    assert array[order_of_texts(array)].tolist() == sorted(texts)


def test_runs():
    assert begins_run(np.array([3, 3, 5, 3, 3])).tolist() == [True, False, True, True, False]
    assert begins_run(np.array([7])).tolist() == [True]

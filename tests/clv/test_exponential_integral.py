import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import exp1, expn

from policy_sim.border import InputError
from policy_sim.clv import scaled_exponential_integral

# (s, z, e^z E_s(z)) by adaptive quadrature with 40 digits
REFERENCES = [
    (1, 1, 0.5963473623231941),
    (2, 1, 0.4036526376768059),
    (0.5, 0.1, 4.0556507920419635),
    (300, 200, 0.0020023990342607568),
    (1.000001, 0.5, 0.9229100417880957),
    (13.02, 43.98, 0.017612589486558118),
    (50.06, 9777.0, 0.00010175988731826598),
    (520.9, 2.733, 0.0019133693728781709),
    (2.215, 1.605e-05, 0.822990587069117),
    (0.01163, 6.569e-06, 133411.05829868323),
    (67.39, 1.188e-06, 0.01506250914041399),
    (12.23, 4.437e-07, 0.08904719115116368),
    (0.1115, 6.328e-06, 44845.55343346512),
    (0.2796, 31570.0, 3.1675360907494554e-05),
    (0.1057, 17090.0, 5.851338885293466e-05),
    (294.2, 7.66e-05, 0.003410640306449032),
    (0.05352, 7.028e-08, 6092533.673784213),
    (0.0104, 6.503, 0.15355914768138682),
    (123.8, 0.01777, 0.00814213458101512),
    (33.37, 5.508e-08, 0.0308928019228972),
    (56.1, 962.6, 0.0009816962424354582),
    (0.6775, 0.3317, 1.5138293005514598),
    (0.08028, 26140.0, 3.825542957045115e-05),
    (444.9, 17640.0, 5.529482386637453e-05),
    (4.203, 121.0, 0.007989138774179953),
    (1.0, 1e-08, 17.843465267485485),
    (0.98, 0.001, 6.775004416413462),
    (1.0199, 0.5, 0.9112723546820327),
    (1.021, 0.5, 0.9106357731484198),
    (1.5, 0.999, 0.4845294780297745),
    (0.4999, 0.3, 1.9159882491444855),
    (29.99, 1e-08, 0.03449465331641013),
    (30, 1e-08, 0.03448275860837438),
    (29.9, 0.99, 0.03341778649688732),
    (30.1, 0.5, 0.03376386715986103),
    (0.01, 1e-08, 83664786.93007608),
    (1000, 1e-08, 0.001001001000990971),
    (1000, 100000.0, 9.900991069581115e-06),
    (0.01, 100000.0, 9.9999990000101e-06),
    (0.01, 1.0, 0.9940630264350633),
    (0.5, 1.0, 0.7578721561413121),
    (2, 1e-08, 0.9999998215653473),
    (3, 1e-06, 0.49999950000661914),
    (0.999999999, 0.2, 1.4933487483491452),
    (1.000000000001, 1e-05, 10.935829157727861),
]


@pytest.mark.parametrize(("s", "z", "expected"), REFERENCES)
def test_references(s, z, expected):
    assert scaled_exponential_integral(s, z) == pytest.approx(expected, rel=2e-14)


def test_published_values():
    values = scaled_exponential_integral([1, 2, 0.5, 300, 1.000001], [1, 1, 0.1, 200, 0.5])
    expected = [0.59634736232319, 0.40365263767681, 4.055650792, 0.00200239903426, 0.92291004178]
    np.testing.assert_allclose(values, expected, rtol=2e-10)
    np.testing.assert_allclose(values[:2], expected[:2], rtol=2e-14)


def test_against_scipy_at_whole_orders():
    z = np.geomspace(1e-6, 600, 40)
    np.testing.assert_allclose(scaled_exponential_integral(1, z), np.exp(z) * exp1(z), rtol=1e-13)
    for order in (2, 5, 28, 29, 30, 31, 40):
        np.testing.assert_allclose(scaled_exponential_integral(order, z), np.exp(z) * expn(order, z), rtol=1e-13)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 900), st.floats(1e-6, 1e5))
def test_recurrence_between_orders(s, z):
    now, following = scaled_exponential_integral([s, s + 1], z)
    # s E_(s+1) + z E_s = e^-z
    assert s * following + z * now == pytest.approx(1.0, rel=1e-13)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 50), st.floats(1e-3, 1e3))
def test_against_plain_quadrature(s, z):
    end = np.log1p(60 / z)
    plain = quad(lambda w: np.exp(-z * np.expm1(w) - (s - 1) * w), 0, end, epsabs=0, epsrel=1e-10, limit=200)[0]
    assert scaled_exponential_integral(s, z) == pytest.approx(plain, rel=1e-8)


def test_smooth_across_the_seams():
    for s, z in [(1.5, 0.3), (0.5, 0.3), (30.0, 0.3), (3.3, 1.0), (1.02, 0.4), (0.98, 0.4), (1.0, 0.4)]:
        before, after = scaled_exponential_integral([s * (1 - 1e-12), s * (1 + 1e-12)], z)
        assert before == pytest.approx(after, rel=1e-11)
        before, after = scaled_exponential_integral(s, [z * (1 - 1e-12), z * (1 + 1e-12)])
        assert before == pytest.approx(after, rel=1e-11)


def test_shapes():
    assert scaled_exponential_integral(1.0, 1.0).shape == ()
    assert scaled_exponential_integral(np.ones((3, 1)), np.ones(4)).shape == (3, 4)
    assert scaled_exponential_integral([], []).shape == (0,)


@pytest.mark.parametrize(("s", "z", "name"), [(0, 1, "order s"), (1, -1, "argument z"), (1, np.nan, "argument z")])
def test_out_of_range(s, z, name):
    with pytest.raises(InputError, match=f"{name} of the exponential integral is .*; it must be a number above 0"):
        scaled_exponential_integral(s, z)

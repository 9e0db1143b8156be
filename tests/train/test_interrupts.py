import signal

import pytest

from face_jax.train.interrupts import asked_to_stop


@pytest.fixture(autouse=True)
def handlers():
    """What programs start with, also where the tests run in the background."""
    usual = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    before = {
        number: signal.signal(number, handler) for number, handler in usual.items()
    }
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_first_signal_is_remembered_and_a_second_one_acts():
    before = signal.getsignal(signal.SIGINT)
    with asked_to_stop() as stop:
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_inside_is_known_outside(number):
    with asked_to_stop() as outer:
        with asked_to_stop() as inner:
            signal.raise_signal(number)
            assert inner()
        assert outer()
        with asked_to_stop() as later:
            assert later()
        signal.signal(number, signal.SIG_IGN)
    assert signal.getsignal(number) is not signal.SIG_IGN

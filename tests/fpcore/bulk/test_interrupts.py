"""Ctrl-C is held back, and not lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from fpcore.bulk.interrupts import held_back


def test_it_comes_through_at_the_end() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        signal.raise_signal(signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        done.append("all of it")
    assert done == ["all of it"]


def test_a_request_to_end_that_is_taken_for_it_is_held_back_as_well() -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), held_back():
            signal.raise_signal(signal.SIGTERM)
            done.append("all of it")
        assert signal.getsignal(signal.SIGTERM) == signal.default_int_handler
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done == ["all of it"]


def test_it_waits_when_another_thread_takes_it() -> None:
    held, taken = threading.Event(), threading.Event()

    def take() -> None:
        held.wait()
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        taken.set()

    other = threading.Thread(target=take)
    other.start()  # outside, so that the signal is not blocked in it
    done = []
    with pytest.raises(KeyboardInterrupt), held_back():
        held.set()
        taken.wait()
        other.join()
        done.append("all of it")
    assert done == ["all of it"]


def test_nothing_changes_without_one() -> None:
    before = signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with held_back():
        pass
    after = signal.getsignal(signal.SIGINT), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert after == before


def test_an_error_inside_comes_out_and_lets_it_through_again() -> None:
    with pytest.raises(ValueError, match="inside"), held_back():
        raise ValueError("inside")
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("in_main_thread", [True, False])
def test_a_process_started_inside_never_gets_it(in_main_thread: bool) -> None:
    deaf = "import signal; signal.raise_signal(signal.SIGINT); print('deaf')"
    said: list[bytes] = []

    def start() -> None:
        with held_back():
            said.append(subprocess.check_output([sys.executable, "-c", deaf]))

    if in_main_thread:
        start()
    else:
        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
    assert said == [b"deaf\n"]

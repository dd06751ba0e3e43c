"""Waiting, ports, keys and locks: the small parts of a local system."""

import multiprocessing
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from backend.local.keys import local_keys, write_private
from backend.local.ports import accepts, free_ports, require_free
from backend.local.processes import FolderLock, LocalError, OwnerGuard, process_command
from backend.local.waiting import WaitTimeoutError, wait_until


def countdown(steps: int) -> Callable[[], str]:
    """A condition that holds at the given question."""
    answers = iter([""] * (steps - 1) + ["here"])
    return lambda: next(answers)


def test_the_answer_that_was_waited_for_is_returned() -> None:
    assert wait_until(countdown(4), timeout_s=30, what="it") == "here"


def test_what_did_not_come_is_named() -> None:
    with pytest.raises(WaitTimeoutError, match=r"0 s waiting for a miracle"):
        wait_until(lambda: False, timeout_s=0, what="a miracle")


def test_a_condition_is_asked_once_even_without_time() -> None:
    assert wait_until(lambda: True, timeout_s=0, what="it")


def test_a_fault_of_the_condition_is_not_swallowed() -> None:
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 // 0, timeout_s=30, what="it")


def test_free_ports_differ_and_can_be_had() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        require_free("127.0.0.1", port)


def test_a_busy_port_is_told_in_one_line_with_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert accepts(port)
        with pytest.raises(LocalError) as busy:
            require_free("127.0.0.1", port)
    line = str(busy.value)
    assert "\n" not in line
    assert f"端口 {port} 已被占用" in line
    assert f"PORT={port + 1} make run" in line


def test_a_port_that_is_bound_but_not_listening_is_busy_too() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(LocalError, match="is in use"):
            require_free("127.0.0.1", other.getsockname()[1])


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(LocalError, match=r"cannot listen on 192\.0\.2\.1"):
        require_free("192.0.2.1", free_ports(1)[0])


def test_keys_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    keys = local_keys(path)
    assert local_keys(path) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    Fernet(keys["PHONE_ENCRYPTION_KEY"])
    assert len({*keys.values()}) == len(keys) == 3


def test_a_key_that_is_new_in_a_version_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("PHONE_HASH_KEY=old=\n")
    keys = local_keys(path)
    assert keys["PHONE_HASH_KEY"] == "old="
    assert local_keys(path) == keys


def test_a_private_file_is_replaced_whole_and_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def _acquire(path: Path) -> bool:
    return FolderLock(path).acquire()


def test_a_lock_has_one_holder_and_says_who(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "lock")
    assert lock.acquire()
    assert lock.held
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert not pool.apply(_acquire, (tmp_path / "lock",))
        assert lock.holder() == str(os.getpid())
        lock.release()
        assert pool.apply(_acquire, (tmp_path / "lock",))


def test_the_guard_of_a_process_that_has_ended_can_be_dismissed_twice() -> None:
    guard = OwnerGuard(2**22 + 1, signal.SIGTERM)
    guard.dismiss()
    guard.dismiss()


def test_the_command_of_a_process_is_known_and_of_none_it_is_none() -> None:
    assert "python" in str(process_command(os.getpid()))
    assert process_command(2**22 + 1) is None

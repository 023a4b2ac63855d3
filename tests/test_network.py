"""Tests cannot reach the network, and processes of one machine can talk."""

import socket
import urllib.request

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_other_machines_are_refused(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as out, pytest.raises(RuntimeError, match=f"{host}: a test asked the network for it"):
        out.connect((host, 80))


def test_names_are_not_looked_up() -> None:
    with pytest.raises(RuntimeError, match=r"example\.org: a test asked the network for it\. Tests need none"):
        urllib.request.urlopen("http://example.org/x")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection((host, server.getsockname()[1]), timeout=5) as out:
            out.sendall(b"x")
            assert server.accept()[0].recv(1) == b"x"

"""No test reaches out of this machine: whatever tries fails at once and says so."""

import ipaddress
import socket
from typing import Any

import pytest


def is_local(host: object) -> bool:
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def refuse_unless_local(host: object) -> None:
    if not is_local(host):
        raise RuntimeError(f"{host}: a test asked the network for it. Tests need none; write the file in tmp_path.")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Any:
    """Python's own connections and look-ups; sockets between processes and to this machine go on working."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            original = getattr(socket.socket, name)

            def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
                if self.family in (socket.AF_INET, socket.AF_INET6):
                    refuse_unless_local(address[0])
                return original(self, address)

            patch.setattr(socket.socket, name, guarded)
        look_up = socket.getaddrinfo

        def known(host: Any, *arguments: Any, **options: Any) -> Any:
            refuse_unless_local(host)
            return look_up(host, *arguments, **options)

        patch.setattr(socket, "getaddrinfo", known)
        yield

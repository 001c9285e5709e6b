"""Ports, addresses and multicast, with real sockets on the loopback interface."""

import errno
import os
import socket
from ipaddress import IPv4Interface, IPv6Interface

from receiver.discovery.interfaces import Interface
from receiver.doctor import network, ports

LOOPBACK = Interface(socket.if_nametoindex("lo"), "lo", (IPv4Interface("127.0.0.1/8"),), ())


def test_a_free_port_is_free_and_a_taken_one_names_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ports.owner(port, "tcp").endswith(f"({os.getpid()})")
        taken = ports.tcp("Plain page", "http.port", "127.0.0.1", port)
        assert (taken.state, taken.needed) == ("missing", True)
        assert str(os.getpid()) in taken.reason
        assert taken.remedy == "Stop it, or set http.port to another port."
    assert ports.tcp("Plain page", "http.port", "127.0.0.1", port).state == "ok"
    assert ports.tcp("Plain page", "http.port", "", 0).state == "ok"


def test_refusals_of_a_port_are_told_apart() -> None:
    def judge(fault: int, holder: str = "") -> str:
        return ports.judge_tcp("Plain page", "http.port", 80, fault, holder).reason

    assert judge(errno.EADDRINUSE, "ddp-receiver (7)") == "80 is served by the running receiver."
    assert judge(errno.EADDRINUSE, "nginx (8)") == "80 is taken by nginx (8)."
    assert judge(errno.EACCES) == "This user may not listen on 80."
    assert judge(errno.EADDRNOTAVAIL) == "The address of http.bind is not this machine's."
    assert judge(errno.ENOMEM).startswith("80 can't be used: ")


def test_a_udp_holder_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        assert str(os.getpid()) in ports.owner(sock.getsockname()[1], "udp")


def test_ssdp_turned_off_is_off() -> None:
    assert ports.ssdp(False).state == "off"


def test_addresses_are_what_a_browser_takes() -> None:
    lan = Interface(2, "eth0", (IPv4Interface("192.0.2.7/24"),), (IPv6Interface("2001:db8::7/64"),))
    assert network.addresses([lan], 8443).reason == "https://192.0.2.7:8443  https://[2001:db8::7]:8443"
    nothing = network.addresses([], 8443)
    assert (nothing.state, nothing.needed) == ("missing", True)


def test_multicast_is_heard_where_it_works_and_explained_where_not() -> None:
    (works,) = network.multicast(LOOPBACK)
    assert (works.subject, works.state) == ("lo IPv4", "ok")
    gone = Interface(999_999, "gone0", LOOPBACK.v4, (IPv6Interface("2001:db8::7/64"),))
    for finding in network.multicast(gone):
        assert finding.state == "missing"
        assert "senders may not find this display" in finding.reason
        assert not finding.needed


def test_the_receive_buffer() -> None:
    assert network.judge_buffer(network.WANTED_BUFFER).state == "ok"
    small = network.judge_buffer(212_992)
    assert small.reason == "The system allows 208 KiB; fast video may lose packets."
    assert network.receive_buffer().subject == "Receive buffer"

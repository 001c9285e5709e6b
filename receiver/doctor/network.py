"""Addresses that people can type, multicast by which the display is found, and room for incoming video."""

import os
import select
import socket
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

from receiver.config.schema import Http
from receiver.discovery.interfaces import Interface, for_people, usable
from receiver.doctor import ports
from receiver.doctor.finding import Finding
from receiver.errors import ReceiverError

AREA = ports.AREA
GROUP_V4, GROUP_V6 = "239.255.255.250", "ff02::c"
"""SSDP's groups; mDNS takes the same way."""
SO_RCVBUFFORCE = 33
"""socket(7); Python has no name for it."""
WAIT_S = 0.5
WANTED_BUFFER = 4 * 1024 * 1024
"""Bytes; with the usual 208 KiB, 4 to 9% of packets were lost at 31 Mbit/s."""


def addresses(interfaces: Sequence[Interface], https_port: int) -> Finding:
    """Where senders' browsers go."""
    found = for_people(tuple(interfaces))
    if not found:
        return Finding(
            AREA,
            "Address",
            "missing",
            "No network that others share with this machine is up.",
            "Plug in a cable, or join a Wi-Fi network.",
            True,
        )
    urls = [f"https://{f'[{ip}]' if ':' in ip else ip}:{https_port}" for ip in found]
    return Finding(AREA, "Address", "ok", f"{'  '.join(urls)}", needed=True)


def multicast(interface: Interface) -> Iterator[Finding]:
    """Join the group on this interface and hear our own datagram; it is sent with TTL 0 and leaves no machine."""
    for version, present, heard in (("IPv4", interface.v4, _heard_v4), ("IPv6", interface.v6, _heard_v6)):
        if present:
            subject = f"{interface.name} {version}"
            try:
                heard(interface.index)
            except (OSError, ReceiverError) as error:
                fault = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
                yield Finding(
                    AREA,
                    subject,
                    "missing",
                    f"Multicast doesn't work: {fault.rstrip('.')}; senders may not find this display.",
                    f"Let UDP to {GROUP_V4} and 224.0.0.251 through the firewall. People can type the address.",
                )
            else:
                yield Finding(AREA, subject, "ok", "Multicast is joined, sent and heard.")


def _heard_v4(index: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        where = struct.pack("4s4si", socket.inet_aton(GROUP_V4), bytes(4), index)
        sock.bind(("", 0))
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, where)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        _loop(sock, (GROUP_V4, sock.getsockname()[1]))


def _heard_v6(index: int) -> None:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind(("::", 0))
        where = socket.inet_pton(socket.AF_INET6, GROUP_V6) + struct.pack("i", index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, where)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 0)
        _loop(sock, (GROUP_V6, sock.getsockname()[1], 0, index))


def _loop(sock: socket.socket, group: tuple[str, int] | tuple[str, int, int, int]) -> None:
    word = os.urandom(8)
    sock.sendto(word, group)
    while select.select([sock], [], [], WAIT_S)[0]:
        if sock.recv(64) == word:
            return
    raise ReceiverError("what was sent did not come back")


def receive_buffer(root: Path = Path("/")) -> Finding:
    """Whether intake may hold a burst of video: by privilege, or by the system's limit."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, WANTED_BUFFER)
        except OSError:
            limit = int((root / "proc/sys/net/core/rmem_max").read_text())
        else:
            limit = WANTED_BUFFER
    return judge_buffer(limit)


def judge_buffer(limit: int) -> Finding:
    """``limit``: the most bytes that a socket may hold."""
    if limit >= WANTED_BUFFER:
        return Finding(AREA, "Receive buffer", "ok", f"{WANTED_BUFFER >> 20} MiB, enough for bursts of video.")
    return Finding(
        AREA,
        "Receive buffer",
        "missing",
        f"The system allows {limit >> 10} KiB; fast video may lose packets.",
        f"Run: sysctl -w net.core.rmem_max={WANTED_BUFFER}",
    )


def checks(http: Http, ssdp: bool) -> Iterator[Finding]:
    interfaces = usable()
    yield addresses(interfaces, http.https_port)
    yield ports.tcp("Plain page", "http.port", http.bind, http.port)
    yield ports.tcp("Secure page", "http.https_port", http.bind, http.https_port)
    yield ports.ssdp(ssdp)
    for interface in interfaces:
        yield from multicast(interface)
    yield receive_buffer()

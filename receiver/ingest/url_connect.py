"""Connections to what the policy lets in: a name is resolved once, and what was judged is what is connected to."""

import socket
import ssl
from collections.abc import Callable
from functools import cache

import ifaddr

from receiver.errors import PeerError
from receiver.ingest.url import Target
from receiver.ingest.url_policy import Policy

TIMEOUT_S = 10.0
"""For connecting, and for each wait for more; a person gives up about then."""

Resolve = Callable[[str, int], list[str]]


class Unreachable(PeerError):
    """The stream can't be had; the text says what a person can check."""


def own_addresses() -> list[str]:
    """This machine's addresses: what listens there listens to the local network, not to a fetch from inside."""
    found = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
    return [ip if isinstance(ip, str) else ip[0] for ip in found]


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a host, best first. Raises Unreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise Unreachable(
            f"The host {host} was not found. Check the address, and that this display's network knows that name."
        ) from None
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def connect(target: Target, policy: Policy, resolver: Resolve = resolve) -> socket.socket:
    """A connection to the target, with TLS where its scheme has it. Raises UrlForbidden, Unreachable."""
    addresses = policy.admit(target.host, resolver(target.host, target.port))
    sock = _first(target, addresses)
    if not target.secure:
        return sock
    try:
        return _tls().wrap_socket(sock, server_hostname=target.host)
    except ssl.SSLCertVerificationError as error:
        sock.close()
        raise Unreachable(
            f"{target.host} can't prove that it is {target.host} ({error.verify_message}). "
            "Its certificate must be from an authority that this display knows."
        ) from None
    except (OSError, ValueError) as error:
        sock.close()
        raise Unreachable(f"{target.host} does not speak TLS at port {target.port} ({_words(error)}).") from None


def _first(target: Target, addresses: list[str]) -> socket.socket:
    reason = ""
    for address in addresses:
        try:
            return socket.create_connection((address, target.port), TIMEOUT_S)
        except TimeoutError:
            reason = f"did not answer within {TIMEOUT_S:.0f} s"
        except ConnectionRefusedError:
            reason = "refused the connection: nothing listens there"
        except OSError as error:
            reason = f"can't be reached ({_words(error)})"
    raise Unreachable(f"{target.host} {reason} (port {target.port}). Check that it is on and reachable from here.")


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _words(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__

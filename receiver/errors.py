"""One tree of errors: theirs and ours.

A ``PeerError`` is the peer's fault: bad bytes, a wrong PIN, a refused request. It is answered, counted and
forgotten; nothing a peer sends may raise anything else. A ``ReceiverError`` is ours or the machine's: a missing
device, a bad configuration file, a broken invariant. Every message is a sentence that a person can act on.
"""


class DdpError(Exception):
    """Base of every error this project raises on purpose."""


class PeerError(DdpError):
    """The peer sent or asked for something that we refuse."""


class ProtocolError(PeerError):
    """Bytes or messages that break a protocol; names the field and the bound."""


class ReceiverError(DdpError):
    """Something on this machine is missing, misconfigured or broken."""


class ConfigError(ReceiverError):
    """A configuration file that can't be used; names file, line, key and bound."""


class BackendUnavailable(ReceiverError):
    """A backend can't start here; says which hardware, driver or permission is missing and what to do."""

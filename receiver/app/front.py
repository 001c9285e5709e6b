"""The box's front to the network: listening sockets, certificate, allowed names, and the site that is served."""

import logging
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from http_sf import Token

import receiver
from receiver.app import publications
from receiver.app.desk import Display, FrontDesk
from receiver.app.meteor_peer import MeteorPeer
from receiver.app.sessions import Sessions
from receiver.app.stagehand import Stagehand
from receiver.app.visit import Visit
from receiver.app.whip_desk import WhipDesk
from receiver.config import Config
from receiver.ddp.capabilities import VERSION, Capability
from receiver.ddp.channel import Channel, Connections
from receiver.ddp.console import Console
from receiver.ddp.listen import Listener, Open, listen
from receiver.ddp.native import Native
from receiver.ddp.negotiation import Negotiation
from receiver.ddp.server import SUBPROTOCOL, Site, build_app
from receiver.ddp.serving import Server
from receiver.discovery.record import Advertisement, description
from receiver.errors import ReceiverError
from receiver.media import Codec
from receiver.trust.certificate import CertificateFiles, certificate_hash, ensure_certificate

WEB = Path(receiver.__file__).parent / "web"
ANYWHERE = ("0.0.0.0", "::")

log = logging.getLogger(__name__)


def listen_on(bind: str, port: int, open_: Open) -> list[Listener]:
    """Sockets on ``bind``, or on every address where it is empty; all on one port. Raises ReceiverError."""
    if bind:
        return [listen(bind, port, open_)]
    first = listen(ANYWHERE[0], port, open_)
    if not socket.has_ipv6:
        return [first]
    try:
        return [first, listen(ANYWHERE[1], first.port, open_)]
    except ReceiverError as error:
        log.info("IPv6 is not served: %s", error)
        return [first]


def capability(codecs: tuple[Codec, ...], back: tuple[str, ...] = ()) -> Capability:
    """What this display can do, best first (DDP.md section 1). ``back``: what of it is told to senders."""
    tokens = {
        "transport": ("ws", "h2"),
        "compression": ("br", "gzip"),
        "display": ("mirror", "extend", "cast"),
        "pair": ("cpace",),
        **({"back": back} if back else {}),
    }
    lists: dict[str, tuple[Token | str, ...]] = {key: tuple(map(Token, values)) for key, values in tokens.items()}
    return Capability(Decimal(VERSION), {**lists, "codecs": tuple(codec for codec in codecs if codec != "opus")})


class Front:
    """Listens at once, so that a taken port is told before anything else starts; serves after ``start``."""

    def __init__(self, config: Config, open_: Open) -> None:
        self._config = config
        self._plain = listen_on(config.http.bind, config.http.port, open_)
        self._secure = listen_on(config.http.bind, config.http.https_port, open_)
        self._addresses: tuple[str, ...] = ()
        self._hostname = socket.gethostname()
        self._server: Server | None = None
        self._files: CertificateFiles | None = None
        self._pairing_token = secrets.token_urlsafe(6)

    @property
    def port(self) -> int:
        return self._plain[0].port

    @property
    def https_port(self) -> int:
        return self._secure[0].port

    def allowed_hosts(self) -> set[str]:
        """Every name and address that is ours now."""
        host = self._hostname.removesuffix(".local").lower()
        names = {"localhost", "127.0.0.1", "::1", host, f"{host}.local", f"{self._config.display.id.lower()}.local"}
        return names | {address.partition("%")[0] for address in self._addresses}

    def advertisement(self, display: Display) -> Advertisement:
        return Advertisement(
            display_id=display.id,
            display_name=display.name(),
            supports_webrtc=True,
            fingerprint=display.identity.public.fingerprint,
            pairing_token=self._pairing_token,
            http_port=self.port,
            https_port=self.https_port,
            boot_id=int(time.time()) & 0x7FFFFFFF,
        )

    def _describe(self, display: Display) -> dict[str, object]:
        return {
            "version": str(VERSION),
            "display_id": display.id,
            "display_name": display.name(),
            "path": "/",
            "subprotocol": SUBPROTOCOL,
            "capability": str(display.capability()),
            "fingerprint": display.identity.public.fingerprint,
            "http_port": self.port,
            "https_port": self.https_port,
        }

    def start(
        self,
        desk: FrontDesk,
        stagehand: Stagehand,
        sessions: Sessions,
        snapshot: Callable[[], Awaitable[bytes]],
        connections: Connections,
        console: Console | None = None,
        native: Native | None = None,
        whip: WhipDesk | None = None,
    ) -> None:
        """Serve the sender page, the description and the DDP WebSocket. Raises StateError."""
        display = desk.display

        async def handle(channel: Channel) -> None:
            await Visit(desk, stagehand, sessions, channel).run()

        async def handle_meteor(channel: Channel) -> None:
            await MeteorPeer(desk, channel, lambda: certificate_hash(files.certificate)).run()

        desk.data.server.sources["displays"] = lambda: publications.displays(display.id, self._describe(display))
        desk.data.server.sources["sessions"] = lambda: publications.sessions(
            [*sessions.all(), *(whip.tools if whip else ())]
        )
        files = self._files = self._certificate()
        site = Site(
            web=WEB,
            allowed_hosts=self.allowed_hosts,
            handler=handle,
            meteor=handle_meteor,
            negotiate=lambda offered: str(Negotiation(display.capability()).settle(offered)),
            describe=lambda: self._describe(display),
            device_xml=lambda: description(self.advertisement(display)),
            snapshot=snapshot,
            console=console,
            native=native,
            whip=whip,
        )
        self._server = Server(
            build_app(site, connections),
            connections,
            secure=self._secure,
            plain=self._plain,
            certificate=files.certificate,
            key=files.key,
        )
        self._server.start()

    def certificate_hash(self) -> bytes:
        """By which a client tells the certificate that we show now. Raises ReceiverError."""
        if self._files is None:
            raise ReceiverError("The display is starting. Try again in a few seconds.")
        return certificate_hash(self._files.certificate)

    def _certificate(self) -> CertificateFiles:
        state = self._config.paths.state_dir
        return ensure_certificate(state, self._hostname, self._config.display.id, self._addresses)

    def moved(self, addresses: list[str]) -> None:
        """The machine's addresses have changed: answer to them, and certify them."""
        self._addresses = tuple(addresses)
        if self._server is None:
            return
        try:
            if self._certificate().renewed:
                self._server.reload_certificate()
        except ReceiverError as error:
            log.error("the certificate still names the old addresses: %s", error)

    def status(self) -> dict[str, Any]:
        return {"port": self.port, "https_port": self.https_port, "addresses": list(self._addresses)}

    async def close(self) -> None:
        """Tell every sender that the display shuts down, and close the sockets."""
        if self._server is not None:
            await self._server.stop()

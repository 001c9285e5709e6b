"""What this machine has and lacks for being a display, each with its reason and its remedy."""

import os

from receiver.config import Config
from receiver.doctor import machine
from receiver.doctor.finding import Finding


def examine(config: Config) -> list[Finding]:
    """All findings, in the order to read them. Takes about a second; changes nothing and sends nothing out."""
    findings = list(machine.checks(config.paths.state_dir))
    if any(finding.subject == "Packages" and finding.state == "missing" for finding in findings):
        return findings  # the other checks stand on them

    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    from receiver.doctor import control, display, media, network

    findings += display.checks(os.environ, config.output, config.http.port)
    findings += media.checks(config.sound.device, config.decode.hardware)
    findings += network.checks(config.http, config.discovery.ssdp)
    return [*findings, control.uinput()]

"""The command line. Each command imports what it needs when it runs, so that ``--help`` is quick on a slow box."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from receiver import __version__
from receiver.errors import ConfigError, DdpError, ReceiverError

if TYPE_CHECKING:
    from receiver.config import Config

Command = Callable[[argparse.Namespace], int]

OVERRIDES = {
    "name": "display.name",
    "output": "output.kind",
    "sound": "sound.device",
    "port": "http.port",
    "https_port": "http.https_port",
    "log_level": "log.level",
}
"""Options that stand for a configuration key."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 done, 1 failed, 2 wrong usage or configuration."""
    args = _parser().parse_args(argv)
    command: Command = args.command
    try:
        return command(args)
    except ConfigError as error:
        return _complain(error, 2)
    except DdpError as error:
        return _complain(error, 1)
    except KeyboardInterrupt:
        return 130


def _complain(error: DdpError, status: int) -> int:
    print(f"ddp-receiver: {error}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ddp-receiver",
        description="Turns this machine's screen into a display that anyone in the room can cast to.",
    )
    parser.add_argument("--version", action="version", version=f"ddp-receiver {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(command=command)
        sub.add_argument("--config", metavar="FILE", type=Path, help="read this configuration file")
        return sub

    run = add("run", _run, "be a display until stopped")
    run.add_argument("--name", help="what people see in their list of displays")
    run.add_argument("--output", metavar="KIND", help="auto, kms, window or headless")
    run.add_argument("--sound", metavar="DEVICE", help="auto, null or a device's name")
    run.add_argument("--port", type=int, help="the plain page's port")
    run.add_argument("--https-port", metavar="PORT", type=int, help="the secure page's port")
    run.add_argument("--log-level", metavar="LEVEL", help="debug, info, warning or error")

    doctor = add("doctor", _doctor, "check what this machine has and lacks, and say how to mend it")
    doctor.add_argument("--json", action="store_true", help="print JSON")

    status = add("status", _status, "tell what the running receiver is doing")
    status.add_argument("--json", action="store_true", help="print JSON")

    devices = add("devices", _devices, "list the devices that have paired, name one, give it a role, or revoke it")
    devices.add_argument("--json", action="store_true", help="print JSON")
    what = devices.add_subparsers(dest="action", metavar="ACTION")
    what.add_parser("list", help="list them, which is also what is done without an action")
    name = what.add_parser("name", help="give one a name of your own")
    name.add_argument("device", metavar="ID", help="its ID, or how that begins")
    name.add_argument("name", metavar="NEW", help="what the TV shall call it")
    role = what.add_parser("role", help="let it decide who shares, or not")
    role.add_argument("device", metavar="ID", help="its ID, or how that begins")
    role.add_argument("role", choices=("owner", "moderator", "viewer"))
    revoke = what.add_parser("revoke", help="close its connections and make it pair again")
    revoke.add_argument("device", metavar="ID", help="its ID, or how that begins")

    keys = add("keys", _keys, "list, make and revoke stream keys, by which OBS and other WHIP tools may cast")
    keys.add_argument("--json", action="store_true", help="print JSON")
    what = keys.add_subparsers(dest="action", metavar="ACTION")
    what.add_parser("list", help="list them, which is also what is done without an action")
    make = what.add_parser("make", help="make one and print it, this once")
    make.add_argument("name", metavar="NAME", help="what the TV shall call the tool")
    make.add_argument("--days", type=int, default=90, help="for how many days it is good, 1 to 366 (default: 90)")
    revoke = what.add_parser("revoke", help="end one, and what it shares, at once")
    revoke.add_argument("key", metavar="ID", help="its ID")

    audit = add("audit", _audit, "print who was let in, who was refused, and who did what")
    audit.add_argument("--verify", action="store_true", help="check instead that no line was altered or left out")
    audit.add_argument("--json", action="store_true", help="print JSON, one line for each entry")

    screenshot = add("screenshot", _screenshot, "save what the display shows now")
    screenshot.add_argument("file", metavar="OUT.png", type=Path, help="a .png or .jpg file")
    screenshot.add_argument("--width", type=int, default=0, help="at most this wide, in pixels")

    verbs = add("commands", _commands, "print what a display can be told to do")
    form = verbs.add_mutually_exclusive_group()
    form.add_argument("--table", action="store_true", help="print the table of docs/commands.md (the default)")
    form.add_argument("--schema", action="store_true", help="print JSON Schema instead")

    config = add("config", _config, "print the configuration in effect")
    config.add_argument("--table", action="store_true", help="print the table of all keys instead")
    return parser


def _load(args: argparse.Namespace) -> "Config":
    from receiver.config import load

    given = {key: getattr(args, option, None) for option, key in OVERRIDES.items()}
    return load(args.config, {key: value for key, value in given.items() if value is not None})


def _run(args: argparse.Namespace) -> int:
    config = _load(args)
    from receiver.app.main import run

    return run(config)


def _doctor(args: argparse.Namespace) -> int:
    config = _load(args)
    from receiver.doctor import examine
    from receiver.doctor.report import as_json, as_text, can_cast

    findings = examine(config)
    print(as_json(findings) if args.json else as_text(findings, sys.stdout.isatty()))
    return 0 if can_cast(findings) else 1


def _status(args: argparse.Namespace) -> int:
    from receiver.admin import ask
    from receiver.link import AdminStatus, AdminStatusReply
    from receiver.outline import outline

    status = ask(_load(args).paths.runtime_dir, AdminStatus(), AdminStatusReply).status
    print(json.dumps(status, indent=2, ensure_ascii=False) if args.json else outline(status))
    return 0


def _devices(args: argparse.Namespace) -> int:
    from receiver.admin import ask
    from receiver.link import AdminDevices, AdminDevicesReply
    from receiver.outline import devices

    given = {key: getattr(args, key) for key in ("device", "name", "role") if hasattr(args, key)}
    question = AdminDevices(args.action or "list", **given)
    reply = ask(_load(args).paths.runtime_dir, question, AdminDevicesReply)
    if reply.error:
        raise ReceiverError(reply.error)
    if args.json:
        print(json.dumps(reply.devices, indent=2, ensure_ascii=False))
    else:
        print(reply.done or devices(reply.devices))
    return 0


def _keys(args: argparse.Namespace) -> int:
    from receiver.admin import ask
    from receiver.link import AdminKeys, AdminKeysReply
    from receiver.outline import made_key, stream_keys

    given = {key: getattr(args, key) for key in ("key", "name", "days") if hasattr(args, key)}
    if not 1 <= given.get("days", 1) <= 366:
        raise ConfigError("A stream key is good for 1 to 366 days.")
    reply = ask(_load(args).paths.runtime_dir, AdminKeys(args.action or "list", **given), AdminKeysReply)
    if reply.error:
        raise ReceiverError(reply.error)
    if args.json:
        print(json.dumps(reply.made or reply.keys, indent=2, ensure_ascii=False))
    elif reply.made:
        print(made_key(reply.made))
    else:
        print(reply.done or stream_keys(reply.keys))
    return 0


def _audit(args: argparse.Namespace) -> int:
    from receiver.outline import audit
    from receiver.trust.audit_file import read

    state = _load(args).paths.state_dir
    if args.verify:
        first = last = None
        for last in read(state):
            first = first or last
        if first is None or last is None:
            print("The audit log has no entries yet.")
        else:
            print(f"Entries {first.n} to {last.n} are whole and in order. The newest hash is {last.hash}.")
        return 0
    for entry in read(state, verify=False):
        print(json.dumps(entry.shown) if args.json else audit(entry.shown))
    return 0


def _screenshot(args: argparse.Namespace) -> int:
    from receiver.admin import ask
    from receiver.link import Snapshot, TakeSnapshot

    suffix = args.file.suffix.lower()
    if suffix not in (".png", ".jpg", ".jpeg"):
        raise ConfigError(f"A screenshot is a .png or a .jpg file, so it can't be saved as {args.file}.")
    question = TakeSnapshot(request=1, max_width=max(args.width, 0), format="png" if suffix == ".png" else "jpeg")
    snapshot = ask(_load(args).paths.runtime_dir, question, Snapshot)
    try:
        args.file.write_bytes(snapshot.image)
    except OSError as error:
        raise ConfigError(f"{args.file} can't be written: {error.strerror}.") from error
    print(f"{args.file}: {snapshot.width} × {snapshot.height}")
    return 0


def _commands(args: argparse.Namespace) -> int:
    from receiver.ddp.commands.table import json_schema, table

    print(json.dumps(json_schema(), indent=2) + "\n" if args.schema else table(), end="")
    return 0


def _config(args: argparse.Namespace) -> int:
    from receiver.config.table import effective, table

    print(table() if args.table else effective(_load(args)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

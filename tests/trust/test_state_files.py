"""What lies in the state directory: keys, devices and the certificate."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from receiver.trust import store
from receiver.trust.certificate import LIFE, RENEW_BEFORE, ensure_certificate
from receiver.trust.files import StateError, read_private, write_private
from receiver.trust.identity_file import credentials_folder, load_identity
from receiver.trust.store import DeviceStore

FP = ["A" * 42 + letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_identity_is_made_once_and_is_private(tmp_path: Path) -> None:
    first = load_identity(tmp_path / "state")
    again = load_identity(tmp_path / "state")
    assert first.public == again.public
    assert mode(tmp_path / "state" / "identity.pem") == 0o600
    assert mode(tmp_path / "state") == 0o700


def test_a_readable_identity_is_made_private_again_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load_identity(tmp_path)
    (tmp_path / "identity.pem").chmod(0o640)
    load_identity(tmp_path)
    assert mode(tmp_path / "identity.pem") == 0o600
    assert "had mode 0640, so other users of this machine could read it" in caplog.text


def test_a_credential_of_systemds_goes_before_the_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials, state = tmp_path / "credentials", tmp_path / "state"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    credentials.mkdir()
    own = load_identity(state, credentials_folder())
    given = load_identity(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "identity.pem").rename(credentials / "identity.pem")
    (credentials / "identity.pem").chmod(0o440)
    assert load_identity(state, credentials_folder()).public == given.public != own.public
    assert mode(credentials / "identity.pem") == 0o440
    (credentials / "identity.pem").chmod(0o600)
    (credentials / "identity.pem").write_bytes(b"nothing")
    with pytest.raises(StateError, match=r"credentials/identity.pem is damaged"):
        load_identity(state, credentials_folder())
    (credentials / "identity.pem").unlink()
    (credentials / "identity.pem").mkdir()
    with pytest.raises(StateError, match="LoadCredential="):
        load_identity(state, credentials_folder())
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert load_identity(state, credentials_folder()).public == own.public


@pytest.mark.parametrize(
    "damage", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", b"\x00\xff"]
)
def test_a_damaged_identity_is_not_replaced(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "identity.pem").write_bytes(damage)
    with pytest.raises(StateError, match="must pair again"):
        load_identity(tmp_path)
    assert (tmp_path / "identity.pem").read_bytes() == damage


def test_a_state_directory_that_is_a_file_is_explained(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError, match="can't be read"):
        load_identity(tmp_path / "state")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    blocked = tmp_path / "folder"
    blocked.mkdir()
    with pytest.raises(StateError):
        write_private(blocked, b"new")
    assert path.read_bytes() == b"old"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


def test_devices_are_kept(tmp_path: Path) -> None:
    devices = DeviceStore(tmp_path)
    devices.pin(FP[0], "Alice", 100)
    devices.pin(FP[0], "Alice's laptop", 200)
    known = DeviceStore(tmp_path).get(FP[0])
    assert known == store.Device(FP[0], "Alice's laptop", 100, 200, role="owner")
    assert mode(tmp_path / "devices.json") == 0o600
    assert devices.forget(FP[0])
    assert not devices.forget(FP[0])
    assert len(DeviceStore(tmp_path)) == 0


def test_the_device_seen_longest_ago_is_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_DEVICES", 3)
    devices = DeviceStore(tmp_path)
    for when, letter in enumerate("ABCD"):
        devices.pin("A" * 42 + letter, letter, when)
        devices.pin(FP[0], "A", when)
    assert [device.name for device in devices.all()] == ["C", "A", "D"]


def test_the_first_device_owns_the_display_unless_told_otherwise(tmp_path: Path) -> None:
    devices = DeviceStore(tmp_path)
    assert [devices.pin("A" * 42 + letter, letter, 1).role for letter in "ABA"] == ["owner", "viewer", "owner"]
    devices.appoint("A" * 42 + "B", "moderator")
    assert [device.role for device in DeviceStore(tmp_path).all()] == ["owner", "moderator"]
    (tmp_path / "other").mkdir()
    assert DeviceStore(tmp_path / "other", first_is_owner=False).pin(FP[0], "Alice", 1).role == "viewer"


def test_an_owner_is_forgotten_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MAX_DEVICES", 3)
    devices = DeviceStore(tmp_path)
    for when, letter in enumerate("ABCDE"):
        devices.pin("A" * 42 + letter, letter, when)
    assert [device.name for device in devices.all()] == ["A", "D", "E"]


@given(st.binary(max_size=200))
def test_any_device_file_loads_or_is_set_aside(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("state")
    (folder / "devices.json").write_bytes(data)
    devices = DeviceStore(folder)
    if not devices.all():
        devices.pin(FP[0], "Alice", 1)
    assert len(DeviceStore(folder)) >= 1


def test_a_damaged_device_file_is_set_aside_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "devices.json").write_text('[{"fingerprint": 5}]')
    assert len(DeviceStore(tmp_path)) == 0
    assert (tmp_path / "devices.json.damaged").exists()
    assert "must pair again" in caplog.text


NOW = datetime(2026, 6, 1, tzinfo=UTC)


def names_of(path: Path) -> tuple[list[str], list[str]]:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return names.get_values_for_type(x509.DNSName), [str(ip) for ip in names.get_values_for_type(x509.IPAddress)]


def test_the_certificate_has_every_name_and_loads(tmp_path: Path) -> None:
    files = ensure_certificate(tmp_path, "Box", "TV-1", ["192.0.2.7", "fe80::1%eth0"], NOW)
    assert files.renewed
    assert mode(files.key) == 0o600
    dns, ips = names_of(files.certificate)
    assert dns == ["box", "box.local", "tv-1.local", "localhost"]
    assert ips == ["127.0.0.1", "192.0.2.7", "::1", "fe80::1"]
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.certificate, files.key)
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=397)


def test_the_certificate_is_remade_when_it_must_be(tmp_path: Path) -> None:
    def renewed(hostname: str = "box", addresses: tuple[str, ...] = ("192.0.2.7",), now: datetime = NOW) -> bool:
        return ensure_certificate(tmp_path, hostname, "tv-1", addresses, now).renewed

    assert renewed()
    assert not renewed()
    assert not renewed(addresses=())
    assert renewed(addresses=("192.0.2.8",))
    assert renewed(hostname="other")
    assert not renewed(hostname="other", addresses=(), now=NOW + LIFE - RENEW_BEFORE - timedelta(days=2))
    assert renewed(hostname="other", addresses=(), now=NOW + LIFE - RENEW_BEFORE)
    (tmp_path / "https.key").write_bytes(b"damaged")
    assert renewed(hostname="other", addresses=(), now=NOW + LIFE - RENEW_BEFORE)
    assert read_private(tmp_path / "https.key") != b"damaged"

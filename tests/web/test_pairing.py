"""Pairing as a person meets it: the PIN, the QR code, and every refusal in words."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.async_api import Page, expect

from receiver.trust.pins import hint_of
from tests.peers.fake_box import FakeBox, Refused, b64
from tests.peers.sender_page import ask_for_pin, connect, pair

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_typed_pin_pairs(page: Page, box: FakeBox) -> None:
    await ask_for_pin(page, box)
    assert box.seen("ddp.hello")[0]["name"] == "Ada Lovelace"
    assert box.seen("pair.start") == [{"method": "pin"}]
    await page.keyboard.type(box.does.pin[:5])
    assert await page.locator("#pin").input_value() == f"{box.does.pin[:4]} {box.does.pin[4]}"
    await page.keyboard.type(box.does.pin[5:])
    await expect(page.get_by_role("heading")).to_have_text("Connected to Living room")
    assert box.visits[0].seal is not None


@pytest.mark.parametrize("pasted", ["{0} {1}", " {0}{1} ", "{0}-{1}"])
async def test_a_pasted_pin_may_carry_spaces(page: Page, box: FakeBox, pasted: str) -> None:
    await ask_for_pin(page, box)
    await page.locator("#pin").fill(pasted.format(box.does.pin[:4], box.does.pin[4:]))
    await expect(page.locator("#share-form")).to_be_visible()


async def test_a_wrong_pin_says_how_many_tries_are_left(page: Page, box: FakeBox) -> None:
    box.does.refuse["pair.confirm"] = Refused(-32003, tries_left=1)
    await ask_for_pin(page, box)
    await page.keyboard.type("11111111")
    await expect(page.get_by_role("alert")).to_contain_text("1 try is left")
    await expect(page.locator("#pin")).to_be_focused()
    assert await page.locator("#pin").input_value() == ""
    box.does.refuse.clear()
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#share-form")).to_be_visible()


async def test_really_wrong_digits_are_refused_by_the_mathematics(page: Page, box: FakeBox) -> None:
    await ask_for_pin(page, box)
    await page.keyboard.type("00000000")
    await expect(page.get_by_role("alert")).to_have_text("That was not the PIN.")
    assert box.does.tries == 4


async def test_after_the_last_try_a_new_pin_is_one_key_away(page: Page, box: FakeBox) -> None:
    box.does.tries = 1
    await ask_for_pin(page, box)
    await page.keyboard.type("00000000")
    await expect(page.get_by_role("button", name="Show a new PIN")).to_be_focused()
    await page.keyboard.press("Enter")
    await box.until("pair.start", 2)
    await expect(page.locator("#pin")).to_be_focused()


async def test_a_short_back_off_is_waited_out_with_the_same_digits(page: Page, box: FakeBox) -> None:
    await ask_for_pin(page, box)
    box.does.refuse["pair.share"] = Refused(-32009, "Wait.", retry_after_s=1)
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#pin-hint")).to_contain_text("checking in 1 second")
    box.does.refuse.clear()
    await expect(page.locator("#share-form")).to_be_visible()


async def test_a_lock_says_when_to_try_again(page: Page, box: FakeBox) -> None:
    box.does.refuse["pair.start"] = Refused(-32004, retry_after_s=600)
    await connect(page, box)
    await expect(page.get_by_role("alert")).to_contain_text("Wait 10 minutes")
    await expect(page.get_by_role("button", name="Try again in 10 minutes")).to_be_disabled()


async def test_a_pin_expires(page: Page, box: FakeBox) -> None:
    box.does.expires_in_s = 1
    await ask_for_pin(page, box)
    await expect(page.get_by_role("alert")).to_contain_text("This PIN has expired")
    await expect(page.get_by_role("button", name="Show a new PIN")).to_be_focused()


async def test_a_receiver_that_does_not_know_the_pin_is_left(page: Page, box: FakeBox) -> None:
    box.does.bad_mac = True
    await ask_for_pin(page, box)
    await page.keyboard.type(box.does.pin)
    await expect(page.get_by_role("alert")).to_contain_text("could not prove that it is the TV")
    await expect(page.get_by_role("button", name="Try again")).to_be_enabled()


async def test_the_qr_secret_leaves_the_address_bar_and_pairs_without_a_pin(page: Page, box: FakeBox) -> None:
    box.does.qr = bytes(range(16))
    await page.goto(f"{box.url}#k={b64(box.does.qr)}")
    await expect(page).to_have_url(box.url)
    await page.get_by_label("Your name").fill("Ada")
    await page.keyboard.press("Enter")
    await expect(page.locator("#share-form")).to_be_visible()
    assert box.seen("pair.start") == [{"method": "qr", "hint": b64(hint_of(box.does.qr))}]


async def test_an_old_qr_secret_falls_back_to_the_pin(page: Page, box: FakeBox) -> None:
    box.does.qr = bytes(16)
    await connect(page, box, f"#k={b64(bytes(range(16)))}")
    await expect(page.get_by_role("alert")).to_contain_text("QR code has been used or has expired")
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#share-form")).to_be_visible()


async def test_a_known_display_with_another_key_is_not_asked_for_a_pin(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    box.identity = ec.generate_private_key(ec.SECP256R1())
    await page.reload()
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("heading")).to_have_text("This TV is not the one you know")
    assert len(box.seen("pair.start")) == 1
    await page.get_by_role("button", name="It was reset, go on").click()
    await expect(page.locator("#pin")).to_be_focused()
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#share-form")).to_be_visible()
    await page.reload()
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#share-form")).to_be_visible()
    assert len(box.seen("pair.start")) == 2


async def test_nobody_answers(page: Page, box: FakeBox) -> None:
    await page.goto(box.url)
    await page.get_by_label("Your name").fill("Ada")
    await page.route_web_socket("**", lambda socket: socket.close())
    box.does.silent.add("ddp.hello")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Try again")).to_be_focused(timeout=15_000)
    box.does.silent.clear()


async def test_a_text_frame_after_pairing_ends_it(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    await box.visits[0].websocket.send('{"jsonrpc": "2.0", "method": "session.state", "params": {}}')
    await expect(page.get_by_role("heading")).to_have_text("The connection has ended")
    await expect(page.get_by_role("status").filter(visible=True)).to_contain_text("out of turn")


async def test_what_is_no_display_is_named_so(page: Page, box: FakeBox) -> None:
    box.display_id = 7  # type: ignore[assignment]
    await connect(page, box)
    await expect(page.get_by_role("alert")).to_contain_text("does not speak this page's protocol")


async def test_the_second_visit_needs_no_pin(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    await page.reload()
    await page.get_by_role("button", name="Connect").click()
    await expect(page.locator("#share-form")).to_be_visible()
    assert len(box.seen("pair.start")) == 1
    assert box.visits[1].seal is not None


async def test_a_display_that_forgot_this_browser_shows_a_pin(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    box.knows.clear()
    await page.reload()
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("alert")).to_contain_text("no longer knows this browser")
    await page.keyboard.type(box.does.pin)
    await expect(page.locator("#share-form")).to_be_visible()


async def test_a_display_that_can_not_prove_itself_again_is_left(page: Page, box: FakeBox) -> None:
    await pair(page, box)
    box.does.bad_mac = True
    await page.reload()
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_role("alert")).to_contain_text("could not prove that it is the TV")
    assert len(box.seen("pair.start")) == 1

"""What is for the machine itself alone: its TV's picture and its console."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from receiver.ddp.guard import address_of, is_loopback


def only_here(request: Request, subject: str) -> Response | None:
    """The refusal of a request that comes over the network or out of another site's page; None lets it pass.

    ``subject`` begins the sentence. That Host and Origin are ours is the ``Guard``'s to check.
    """
    if not is_loopback(address_of(request.scope)):
        return PlainTextResponse(f"{subject} can be seen only on the machine itself, at localhost.\n", 403)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return PlainTextResponse(f"{subject} can't be embedded in other pages.\n", 403)
    return None

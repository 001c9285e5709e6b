"""``python -m tests.gpu``: every check, without pytest; a table on stdout, and results.json and results.md in ``$OUT``.

Exit status 0: all hold. 1: one fails. 69: there is no NVDEC here, and stdout says what is missing.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import av
import av.logging

from receiver.decode.backends import VIDEO
from receiver.decode.hwaccel import NVDEC
from receiver.decode.probe import prove
from receiver.media import Codec
from tests.gpu import capabilities, checks

UNAVAILABLE = 69
BUDGET_S = float(os.environ.get("GPU_CHECK_BUDGET_S", "210"))
"""After that long no further check is begun: a lent machine's time is short."""

ONLY = os.environ.get("GPU_CHECK_CODECS", ",".join(checks.CODECS)).split(",")

CHECKS: list[tuple[Callable[[Codec], checks.Result], tuple[Codec, ...]]] = [
    (checks.identical, checks.CODECS),
    (checks.dying, ("H264", "VP9")),
    (checks.beyond_the_device, ("H264",)),
    (checks.opening, ("H264", "AV1")),
    (checks.speed, checks.CODECS),
]


def attempt(check: Callable[[Codec], checks.Result], codec: Codec) -> checks.Result:
    """One row: whether it holds, what it measured or what went wrong."""
    began = time.perf_counter()
    row: checks.Result = {"check": check.__name__, "codec": codec}
    try:
        with av.logging.Capture() as log:
            row |= {"ok": True, **check(codec)}
    except Exception as error:  # noqa: BLE001 - the other checks shall still run on a machine that is lent once
        row |= {"ok": False, "error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-1500:]}
        row |= {"ffmpeg_says": [f"{where}: {text.strip()}" for _, where, text in log][:12]}
    return row | {"seconds": round(time.perf_counter() - began, 1)}


def main() -> int:
    began = time.perf_counter()
    av.logging.set_level(av.logging.ERROR)
    proofs = [prove(codec, NVDEC) for codec in VIDEO]
    head: dict[str, object] = {
        "python": sys.version.split()[0],
        "pyav": av.__version__,
        "ffmpeg": av.ffmpeg_version_info,
    }
    driver = capabilities.of_the_driver()
    head |= {"driver": driver}
    head |= {"proofs": {proof.codec: proof.reason for proof in proofs}}
    print(json.dumps(head, indent=1), flush=True)
    rows: list[checks.Result] = []
    if any(proof.ok for proof in proofs if proof.codec in ONLY) or len(ONLY) == 1:
        for check, codecs in CHECKS:
            for codec in (codec for codec in codecs if codec in ONLY):
                left = BUDGET_S - (time.perf_counter() - began)
                if capabilities.lacks(driver, codec):
                    row: checks.Result = {"check": check.__name__, "codec": codec, "ok": None, "why": driver[codec]}
                elif left > 0:
                    row = attempt(check, codec)
                else:
                    row = {"check": check.__name__, "codec": codec, "ok": None, "why": "no time left"}
                rows.append(row)
                print(json.dumps(row), flush=True)
                save(head, rows)
    save(head, rows)
    if not rows:
        return UNAVAILABLE
    return 1 if any(row["ok"] is False for row in rows) else 0


def save(head: dict[str, object], rows: list[checks.Result]) -> None:
    """After every row, so that a run that is cut off leaves what it has found."""
    if not (out := os.environ.get("OUT")):
        return
    Path(out, "results.json").write_text(json.dumps({**head, "rows": rows}, indent=1))
    lines = ["| check | codec | holds | result |", "| --- | --- | --- | --- |"]
    for row in rows:
        rest = {key: value for key, value in row.items() if key not in ("check", "codec", "ok", "trace")}
        state = {True: "yes", False: "NO", None: "not run"}[row["ok"]]  # type: ignore[index]
        lines.append(f"| {row['check']} | {row['codec']} | {state} | {json.dumps(rest)} |")
    Path(out, "results.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())

"""GStreamer's webrtcbin as the receiver, told what to do in JSON lines. For Debian's Python, which has its bindings.

``--check`` only tells whether all its elements are there.

``{"offer": sdp, "width": pixels}`` → ``{"answer": sdp}``; ``{"take": true}`` → ``{"readings": [[ms, row], …]}``: for
each picture the wall clock time at which it left the decoder and the middle row of its pattern, base64 of its luma.
"""

import base64
import json
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstVideo", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstVideo, GstWebRTC  # noqa: E402

DECODERS = {
    "VP8": "rtpvp8depay request-keyframe=true wait-for-keyframe=true ! vp8dec",
    "VP9": "rtpvp9depay request-keyframe=true wait-for-keyframe=true ! vp9dec",
    "H264": "rtph264depay request-keyframe=true wait-for-keyframe=true ! h264parse ! avdec_h264",
}
BLOCK = 16
GATHER_S = 3.0


class Receiver:
    """One stream into an appsink that keeps no time: pictures come out as soon as they are decoded."""

    def __init__(self) -> None:
        self.readings: list[tuple[float, str]] = []
        self._width = 0
        self._pipeline = Gst.Pipeline.new("receiver")
        self._webrtc = Gst.ElementFactory.make("webrtcbin", "webrtc")
        self._webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self._webrtc.set_property("latency", 0)
        self._pipeline.add(self._webrtc)
        self._webrtc.connect("pad-added", self._pad)

    def _pad(self, _: object, pad: Gst.Pad) -> None:
        if pad.direction != Gst.PadDirection.SRC:
            return
        caps = pad.get_current_caps() or pad.query_caps(None)
        encoding = caps.get_structure(0).get_value("encoding-name")
        sink = "appsink name=sink emit-signals=true max-buffers=4 drop=true sync=false"
        chain = f"{DECODERS[encoding]} ! {sink}" if encoding in DECODERS else "fakesink sync=false"
        part = Gst.parse_bin_from_description(chain, True)
        if (end := part.get_by_name("sink")) is not None and encoding in DECODERS:
            end.connect("new-sample", self._sample)
        self._pipeline.add(part)
        part.sync_state_with_parent()
        pad.link(part.get_static_pad("sink"))

    def _sample(self, sink: Gst.Element) -> Gst.FlowReturn:
        sample = sink.emit("pull-sample")
        now = time.time() * 1000
        buffer, shape = sample.get_buffer(), sample.get_caps().get_structure(0)
        width = shape.get_value("width")
        meta = GstVideo.buffer_get_video_meta(buffer)
        stride, offset = (meta.stride[0], meta.offset[0]) if meta else ((width + 3) // 4 * 4, 0)
        row = int(BLOCK * width / self._width / 2) * stride + offset
        self.readings.append((now, base64.b64encode(buffer.extract_dup(row, width)).decode()))
        return Gst.FlowReturn.OK

    def answer(self, sdp: str, width: int) -> str:
        """The answer, with every candidate in it."""
        self._width = width
        gathered = threading.Event()
        candidates: list[str] = []
        self._webrtc.connect("on-ice-candidate", lambda _, __, candidate: candidates.append(candidate))
        self._webrtc.connect(
            "notify::ice-gathering-state",
            lambda webrtc, _: (
                gathered.set()
                if webrtc.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE
                else None
            ),
        )
        self._pipeline.set_state(Gst.State.PLAYING)
        lines = [line for line in sdp.splitlines(True) if not (line.startswith("a=candidate") and ".local" in line)]
        _, message = GstSdp.SDPMessage.new_from_text("".join(lines))
        offer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.OFFER, message)
        self._do("set-remote-description", offer)
        promise = self._do("create-answer", None)
        reply = promise.get_reply()  # held, like the promise: the answer is a part of it
        answer = reply.get_value("answer")
        self._do("set-local-description", answer)
        gathered.wait(GATHER_S)
        text = str(self._webrtc.get_property("local-description").sdp.as_text())
        return text if "a=candidate" in text else text + "".join(f"a={candidate}\r\n" for candidate in candidates)

    def _do(self, what: str, value: object) -> Gst.Promise:
        """Keep the promise while its reply is read: the reply is a part of it."""
        promise = Gst.Promise.new()
        self._webrtc.emit(what, value, promise)
        promise.wait()
        return promise


ELEMENTS = "webrtcbin nicesrc dtlssrtpdec rtpvp8depay vp8dec rtpvp9depay vp9dec rtph264depay h264parse avdec_h264"


def main() -> None:
    Gst.init(None)
    if lacking := [name for name in ELEMENTS.split() if Gst.ElementFactory.find(name) is None]:
        sys.exit(f"GStreamer lacks {', '.join(lacking)}")
    if sys.argv[1:] == ["--check"]:
        return
    loop = GLib.MainLoop()
    threading.Thread(target=loop.run, daemon=True).start()
    receiver = Receiver()
    print(json.dumps({"ready": Gst.version_string()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "offer" in order:
            print(json.dumps({"answer": receiver.answer(order["offer"], order["width"])}), flush=True)
        else:
            readings, receiver.readings = receiver.readings, []
            print(json.dumps({"readings": readings}), flush=True)


if __name__ == "__main__":
    main()

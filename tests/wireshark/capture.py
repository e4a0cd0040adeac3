"""Writes pcap files of TCP conversations, without a network: what tshark reads in these tests."""

import struct

ETHERNET, IPV4, TCP = 1, 0x0800, 6
APP, TWS = b"\x7f\0\0\1", b"\x7f\0\0\2"


def frame(payload):
    return struct.pack(">I", len(payload)) + payload


def hello(text):
    return b"API\0" + frame(text)


def fields(*values):
    return b"".join(str(value).encode() + b"\0" for value in values)


class Capture:
    """A capture file in the making."""

    def __init__(self):
        self._records = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 1 << 18, ETHERNET)]
        self._now = 0

    def conversation(self, app_port, tws_port):
        return Conversation(self, app_port, tws_port)

    def packet(self, segment, source, destination):
        length = 20 + len(segment)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, length, 0, 0, 64, TCP, 0, source, destination)
        data = b"\2\0\0\0\0\1\2\0\0\0\0\2" + struct.pack(">H", IPV4) + ip + segment
        self._now += 1
        self._records.append(struct.pack("<IIII", 1_790_000_000 + self._now // 1000, self._now % 1000 * 1000, len(data), len(data)))
        self._records.append(data)

    def write(self, path):
        path.write_bytes(b"".join(self._records))


class Conversation:
    """One TCP connection; bytes are sent in the pieces that they are given in."""

    def __init__(self, capture, app_port, tws_port):
        self._capture, self._ports = capture, {"out": (app_port, tws_port), "in": (tws_port, app_port)}
        self._next = {"out": 1, "in": 1}

    def send(self, direction, data):
        other = "in" if direction == "out" else "out"
        header = struct.pack(">HHIIBBHHH", *self._ports[direction], self._next[direction], self._next[other], 5 << 4, 0x18, 65535, 0, 0)
        addresses = (APP, TWS) if direction == "out" else (TWS, APP)
        self._capture.packet(header + data, *addresses)
        self._next[direction] += len(data)

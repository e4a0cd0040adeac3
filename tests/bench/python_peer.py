"""What a Python client's decoder takes for a payload, from bytes to the callback.

    <the client's Python> python_peer.py ib_async|ibapi  <  lines of "name version hex"

Prints "name version decode ns" for each payload that the client speaks: the least of many rounds. Callbacks do nothing.
"""

import logging
import sys
import timeit
from datetime import timezone

ROUNDS = 15
SECONDS_PER_ROUND = 0.02


class Silent:
    """A wrapper that hears every callback and does nothing."""

    ib = type("NoTimezone", (), {"TimezoneTWS": ""})
    defaultTimezone = timezone.utc

    def __getattr__(self, name):
        def callback(*_values, **_named):
            pass

        setattr(self, name, callback)
        return callback


def ib_async_decoder(version):
    from ib_async.decoder import Decoder

    if version > 178:
        return None
    interpret = Decoder(Silent(), version).interpret
    return lambda payload: interpret(payload.decode(errors="backslashreplace").split("\0")[:-1])


def ibapi_decoder(version):
    from ibapi.decoder import Decoder

    decoder = Decoder(Silent(), version)

    def text(payload):
        head, body = payload.split(b"\0", 1)
        decoder.interpret(tuple(body.split(b"\0")[:-1]), int(head))

    def protobuf(payload):
        decoder.processProtoBuf(payload[4:], int.from_bytes(payload[:4], "big") - 200)

    return protobuf if version >= 201 else text


def least_ns(decode, payload):
    timer = timeit.Timer(lambda: decode(payload))
    number = max(1, int(SECONDS_PER_ROUND / (timer.timeit(10) / 10)))
    return min(timer.repeat(ROUNDS, number)) / number * 1e9


def main():
    logging.disable(logging.CRITICAL)
    decoder_at = {"ib_async": ib_async_decoder, "ibapi": ibapi_decoder}[sys.argv[1]]
    for line in sys.stdin:
        name, version, payload = line.split()
        decode = decoder_at(int(version))
        if decode is not None:
            print(name, version, "decode", f"{least_ns(decode, bytes.fromhex(payload)):.1f}")


if __name__ == "__main__":
    main()

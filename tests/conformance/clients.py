"""The real clients behind one face: a request gives the bytes it would send, a payload gives the callbacks it causes.

A client's packages lie in a directory of its own (run.py installs them) and are found through PYTHONPATH, as several of
them share the name `ibapi`. Nothing here opens a socket.
"""

import importlib
import inspect
import logging
from datetime import timezone

# name -> (the newest server version it knows, has protobuf)
CLIENTS = {
    "ibapi_10_51": (226, True),
    "ibapi_10_46": (225, True),
    "ibapi_10_37": (203, True),
    "ibapi_9_81": (157, False),
    "ib_async": (178, False),
}


class Refused(Exception):
    """The client did not send anything; says what it reported."""


class DidNotDecode(Exception):
    """The client could not make sense of a payload; says what it reported."""


def open_client(name):
    return IbAsync(name) if name == "ib_async" else Official(name)


class Recorder:
    """A wrapper that keeps every callback as (name, {parameter: value})."""

    def __init__(self, wrapper_class):
        self._parameters = {
            name: list(inspect.signature(method).parameters)[1:]
            for name, method in inspect.getmembers(wrapper_class, inspect.isfunction)
        }
        self.calls = []

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._parameters:
            raise AttributeError(name)

        def record(*values, **named):
            self.calls.append((name, dict(zip(self._parameters[name], values)) | named))

        setattr(self, name, record)
        return record


class FakeConnection:
    """Keeps what is sent, without the length prefix."""

    def __init__(self):
        self.sent = []

    def sendMsg(self, frame):
        assert int.from_bytes(frame[:4], "big") == len(frame) - 4
        self.sent.append(bytes(frame[4:]))

    def isConnected(self):
        return True


class Official:
    """ibapi, any version."""

    def __init__(self, name):
        self.name = name
        self.first = 100
        self.last, self._protobuf = CLIENTS[name]
        logging.disable(logging.CRITICAL)
        client, wrapper, decoder = (importlib.import_module(f"ibapi.{m}") for m in ("client", "wrapper", "decoder"))
        self.wrapper = Recorder(wrapper.EWrapper)
        self.client_class = client.EClient
        self._decoder_class = decoder.Decoder
        self._decoders = {}
        self._connection = FakeConnection()
        self._client = client.EClient(self.wrapper)
        self._client.conn = self._connection
        self._client.extraAuth = True
        self._client.setConnState(client.EClient.CONNECTED)
        self.classes = self._find_classes()

    def _find_classes(self):
        contract, order, condition = (importlib.import_module(f"ibapi.{m}") for m in ("contract", "order", "order_condition"))
        execution, scanner, tag_value = (importlib.import_module(f"ibapi.{m}") for m in ("execution", "scanner", "tag_value"))
        classes = {
            "Contract": contract.Contract,
            "ComboLeg": contract.ComboLeg,
            "DeltaNeutralContract": contract.DeltaNeutralContract,
            "Order": order.Order,
            "OrderComboLeg": order.OrderComboLeg,
            "OrderCondition": condition.Create,
            "ExecutionFilter": execution.ExecutionFilter,
            "ScannerSubscription": scanner.ScannerSubscription,
            "TagValue": tag_value.TagValue,
        }
        if self.last >= 178:
            classes["OrderCancel"] = importlib.import_module("ibapi.order_cancel").OrderCancel
            classes["WshEventData"] = importlib.import_module("ibapi.common").WshEventData
        return classes

    def request(self, version, method, arguments):
        """The payload that the call sends. `startApi` takes what the client was made with."""
        self._client.serverVersion_ = version
        self._connection.sent.clear()
        self.wrapper.calls.clear()
        if method == "startApi":
            self._client.clientId, self._client.optCapab = arguments["clientId"], arguments["optionalCapabilities"]
            arguments = {}
        try:
            getattr(self._client, method)(**arguments)
        except Exception as error:  # whatever it runs into; it sent nothing
            raise Refused(f"{type(error).__name__}: {error}") from error
        if len(self._connection.sent) != 1:
            raise Refused(str(self.wrapper.calls[:1]))
        return self._connection.sent[0]

    def callbacks(self, version, payload):
        decoder = self._decoders.get(version) or self._decoders.setdefault(version, self._decoder_class(self.wrapper, version))
        self.wrapper.calls.clear()
        try:
            self._interpret(decoder, version, payload)
        except Exception as error:  # whatever its decoder runs into
            raise DidNotDecode(f"{type(error).__name__}: {error}") from error
        return list(self.wrapper.calls)

    def _interpret(self, decoder, version, payload):
        if not self._protobuf:
            return decoder.interpret(tuple(payload.split(b"\0")[:-1]))
        if version >= 201:
            message_id, body = int.from_bytes(payload[:4], "big"), payload[4:]
        else:
            head, body = payload.split(b"\0", 1)
            message_id = int(head)
        if message_id > 200:
            return decoder.processProtoBuf(body, message_id - 200)
        return decoder.interpret(tuple(body.split(b"\0")[:-1]), message_id)


class IbAsync:
    """ib_async's low-level client and decoder."""

    def __init__(self, name):
        self.name = name
        self.first = 157
        self.last, _ = CLIENTS[name]
        ib_async = importlib.import_module("ib_async")
        client, wrapper, decoder = (importlib.import_module(f"ib_async.{m}") for m in ("client", "wrapper", "decoder"))
        order = importlib.import_module("ib_async.order")
        self.wrapper = Recorder(wrapper.Wrapper)
        self.wrapper.defaultTimezone = timezone.utc
        self.wrapper.ib = type("NoTimezone", (), {"TimezoneTWS": ""})
        self._decoder_class = decoder.Decoder
        self._complaints = []
        self._hear("ib_async.Decoder")
        self.client_class = client.Client
        self._connection = FakeConnection()
        self._client = client.Client(self.wrapper)
        self._client.conn = self._connection
        self._client.MaxRequests = 0
        self._client.connState = client.Client.CONNECTED
        self.classes = {
            "Contract": ib_async.Contract,
            "ComboLeg": ib_async.ComboLeg,
            "DeltaNeutralContract": ib_async.DeltaNeutralContract,
            "Order": ib_async.Order,
            "OrderComboLeg": ib_async.OrderComboLeg,
            "OrderCondition": lambda kind: order.OrderCondition.createClass(kind)(),
            "ExecutionFilter": ib_async.ExecutionFilter,
            "ScannerSubscription": ib_async.ScannerSubscription,
            "TagValue": ib_async.TagValue,
            "WshEventData": ib_async.WshEventData,
        }

    def _hear(self, logger):
        handler = logging.Handler()
        handler.emit = lambda record: self._complaints.append(repr(record.exc_info[1]) if record.exc_info else record.getMessage())
        logging.getLogger(logger).addHandler(handler)
        logging.getLogger(logger).propagate = False

    def request(self, version, method, arguments):
        self._client._serverVersion = version
        self._connection.sent.clear()
        if method == "startApi":
            self._client.clientId, self._client.optCapab = arguments["clientId"], arguments["optionalCapabilities"]
            arguments = {}
        getattr(self._client, method)(**arguments)
        if len(self._connection.sent) != 1:
            raise Refused("nothing sent")
        return self._connection.sent[0]

    def callbacks(self, version, payload):
        self.wrapper.calls.clear()
        self._complaints.clear()
        self._decoder_class(self.wrapper, version).interpret(payload.decode(errors="backslashreplace").split("\0")[:-1])
        if self._complaints:
            raise DidNotDecode(self._complaints[0])
        return list(self.wrapper.calls)

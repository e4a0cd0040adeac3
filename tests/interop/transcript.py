"""What a client program saw, made comparable: ids become `order_id 1`, `order_id 2`… in order of appearance, times go."""

import difflib
import itertools
import json

_IDS = ("order_id", "perm_id", "exec_id", "client_id", "request_id")
_TIMES = ("time",)
# Arrive whenever the market data farms or the account say so, between other things.
_NOT_COMPARED_IN_ORDER = ("notices",)


def parse(text):
    """The events of a program's output, one JSON object a line."""
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def normalised(events):
    """Events by request, in order within each, without what differs from run to run by its nature."""
    numbers = {key: {} for key in _IDS}
    requests = {}
    for event in events:
        plain = {}
        for key, value in event.items():
            if key in _TIMES:
                continue
            if key in _IDS:
                value = f"{key} {numbers[key].setdefault(str(value), len(numbers[key]) + 1)}"
            plain[key] = value
        requests.setdefault(plain.pop("request"), []).append(json.dumps(plain, sort_keys=True))
    for request in _NOT_COMPARED_IN_ORDER:
        requests.get(request, []).sort()
    return requests


def shape(events):
    """Only which kinds of events came, in order within each request; repetitions count once (bars, partial fills)."""
    requests = {}
    for event in events:
        requests.setdefault(event["request"], []).append(event["event"])
    return {request: [kind for kind, _ in itertools.groupby(kinds)] for request, kinds in requests.items()}


def differences(left, right, left_name, right_name):
    """Lines that say where two results of normalised() or shape() differ; none when they agree."""
    lines = []
    for request in sorted(left.keys() | right.keys()):
        here, there = left.get(request, []), right.get(request, [])
        if here != there:
            lines.append(f"    {request}:")
            lines += [f"      {line}" for line in difflib.unified_diff(here, there, left_name, right_name, n=1, lineterm="")]
    return lines

"""What one part of the suite compared, what differed, and what of that is excused."""

import argparse
import json
from collections import Counter

from toolkit import Toolkit


class Report:
    """Counts comparisons. A difference counts once per kind; the first example of each kind is kept."""

    def __init__(self, part, client):
        self.part = part
        self.client = client
        self.compared = 0
        self.covered = set()  # (message, server version)
        self.differences = Counter()
        self.examples = {}
        self.excused = Counter()
        self.refused = 0  # calls for which the client sent nothing
        self.not_driven = []
        self.types = []  # protobuf types reached

    def count(self, message, version, cases=1):
        self.compared += cases
        self.covered.add((message, version))

    def differs(self, message, what, example):
        """`what`: the kind of difference, in few words. `example`: how to see it again."""
        self.differences[message, what] += 1
        self.examples.setdefault((message, what), example)

    def excuse(self, reason):
        self.excused[reason] += 1

    def to_json(self):
        return json.dumps(
            {
                "part": self.part,
                "client": self.client,
                "compared": self.compared,
                "messages": sorted({m for m, _ in self.covered}),
                "pairs": len(self.covered),
                "differences": [
                    {"message": m, "what": w, "count": n, "example": self.examples[m, w]} for (m, w), n in self.differences.most_common()
                ],
                "excused": dict(self.excused),
                "refused": self.refused,
                "not_driven": self.not_driven,
                "types": self.types,
            }
        )


def versions_to_visit(toolkit, message, first, last, cases):
    """(server version, cases): the full number where a layout changes, a few at every other version."""
    changes = set(toolkit.versions(message))
    first = max(first, message["since"])
    for version in range(first, last + 1):
        yield version, cases if version in changes or version in (first, last) else max(1, cases // 10)


def arguments_of_part(doc):
    """The command line that the parts share, and the running toolkit."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--toolkit", required=True, help="the toolkit program")
    parser.add_argument("--client", required=True, help="the client to compare with")
    parser.add_argument("--cases", type=int, default=10, help="cases per message and server version where a layout changes")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="one message")
    options = parser.parse_args()
    return options, Toolkit(options.toolkit)

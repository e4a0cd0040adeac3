"""The mock's bad days as a real client understands them: what the mock calls 1100, a cut, a reject or delayed data must be
that to ib_async too."""

import functools

from suite import RECORDING_CLIENT_ID, SEED, CaseFailed, Suite

# what the program is told to live through, and the faults that make it
DAYS = {
    "1100, then 1102": ("link-lost", ["1100 at 1s for 1s"]),
    "the connection ends": ("cut", ["cut fin on ContractDataRequest"]),
    "the connection is reset": ("cut", ["cut rst on ContractDataRequest"]),
    "the connection ends in the middle of a frame": ("cut", ["cut torn on ContractDataRequest"]),
    "an order is rejected": ("reject", ["reject next order: Insufficient margin"]),
    "no market data subscription": ("delayed", ["delayed data"]),
    "orders are told badly": ("orders", ["partial fills", "statuses twice", "statuses regress", "executions first",
                                         "commissions late by 500ms"]),
}


class BadDays(Suite):
    """The cases of ib_async_bad_days.py."""

    def lived_through(self, day, faults):
        options = [word for fault in faults for word in ("--fault", fault)]
        with self.server("mock", "--seed", SEED, *options) as mock:
            _, problem = self.client.attempt(mock, RECORDING_CLIENT_ID, day)
        if problem:
            raise CaseFailed(f"{problem}\n{mock.tail()}")
        self.ended_well(mock)

    def thread_of_cases(self):
        return self.outcomes([(f"a bad day: {name}", functools.partial(self.lived_through, *day)) for name, day in DAYS.items()])

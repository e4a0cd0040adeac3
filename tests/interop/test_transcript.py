"""If the comparison were too kind, a replay that serves wrong prices or loses events would pass as faithful."""

import unittest

import transcript


def differ(left, right):
    return transcript.differences(transcript.normalised(left), transcript.normalised(right), "left", "right")


def status(order_id, perm_id, **fields):
    return {"request": "order", "event": "orderStatus", "order_id": order_id, "perm_id": perm_id, **fields}


class Comparison(unittest.TestCase):
    def test_other_ids_and_times_are_the_same_story(self):
        self.assertEqual(differ([status(7, 100, time="10:00")], [status(11, 900, time="11:00")]), [])

    def test_another_price_is_another_story(self):
        self.assertNotEqual(differ([status(7, 100, price=1.01)], [status(7, 100, price=1.02)]), [])

    def test_an_id_that_changes_its_owner_is_another_story(self):
        self.assertNotEqual(differ([status(7, 100), status(8, 101)], [status(11, 900), status(11, 901)]), [])

    def test_a_lost_event_and_a_swapped_one_are_another_story(self):
        first, second = status(7, 100, status="Submitted"), status(7, 100, status="Filled")
        self.assertNotEqual(differ([first, second], [first]), [])
        self.assertNotEqual(differ([first, second], [second, first]), [])

    def test_events_of_different_requests_may_interleave(self):
        quote = {"request": "quotes", "event": "tickPrice", "price": 1.0}
        self.assertEqual(differ([quote, status(7, 100)], [status(7, 100), quote]), [])

    def test_the_shape_forgets_values_and_repetitions_but_not_kinds(self):
        bar, end = {"request": "bars", "event": "bar", "open": 1}, {"request": "bars", "event": "end"}
        self.assertEqual(transcript.shape([bar, end]), transcript.shape([dict(bar, open=2), bar, end]))
        self.assertNotEqual(transcript.shape([bar, end]), transcript.shape([bar]))


if __name__ == "__main__":
    unittest.main()

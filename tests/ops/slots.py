"""The one rule on times, for every kind of schedule: something runs just before a month ends in UTC, and just after."""

from datetime import datetime, timedelta, timezone

# A leap day, the end of a year, and months in which clocks are changed.
ENDS = [datetime(*day, tzinfo=timezone.utc) for day in [(2028, 3, 1), (2029, 1, 1), (2028, 4, 1), (2028, 11, 1)]]
# The longest that the end of a period may go unseen, `tail_minutes_max`.
TAIL_MAX = timedelta(minutes=60)
# What a capture may take until it has asked for the usage, connecting and retries included.
CAPTURE = timedelta(minutes=2)
# A server may be a little late with its new period.
ROLL_OVER = timedelta(minutes=5)


def problems(name, between, delay=timedelta(0), count_min=3):
    """`between(begin, end)` gives the starts in a stretch of time; each may be put off by `delay`."""
    found = []
    for end in ENDS:
        starts = between(end - timedelta(hours=12), end + timedelta(hours=12))
        before = [at for at in starts if at < end]
        after = [at for at in starts if at >= end]
        night = f"{name}: the night to {end:%Y-%m-%d}"
        if len(starts) < count_min:
            found.append(f"{night} has {len(starts)} slots, and {count_min} are wanted")
        if not before or end - before[-1] > TAIL_MAX:
            found.append(f"{night} has no slot in the last hour of the period")
        if any(at + delay + CAPTURE > end for at in before):
            found.append(f"{night} has a slot that may miss the end of the period")
        if not after or not ROLL_OVER <= after[0] - end or after[0] + delay - end > TAIL_MAX:
            found.append(f"{night} has no slot just after the end of the period")
        on_the_hour = [f"{at:%H:%M}" for at in starts if at.minute in (0, 30)]
        found += [f"{night} has a slot on the hour or half hour, {at}" for at in on_the_hour]
    return found

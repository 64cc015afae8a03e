"""What Python's zoneinfo says of schedules: an independent answer for ScheduleZoneTests.

Writes to the file it is given the names of the zones, a line a group of zones with equal rules, an empty line, then records of 12 int64:
group, form, first parameter, second parameter, seed, after, and three pairs of slot and start (0 where there is none).
Forms: 0 hourly (minute), 1 daily (minute of the day), 2 weekly (weekday, minute), 3 monthly (day or 0 for the last, minute), 4 once (day number, minute).
"""
import array
import calendar
import datetime
import sys
import zoneinfo

EPOCH = datetime.datetime(1970, 1, 1)
BEGIN, END = 2024, 2030
MASK = (1 << 64) - 1


def minute(seed, slot):
    mixed = (seed + slot * 0x9E3779B97F4A7C15) & MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
    return (mixed ^ (mixed >> 31)) % 15


def offset_at(zone, instant):
    aware = datetime.datetime.fromtimestamp(instant, zone)
    return int(aware.utcoffset().total_seconds())


def resolve(zone, ordinal, minute_of_day):
    """The instant of a local time: the first of two, and in a gap as zoneinfo reads it, but never on another day."""
    naive = EPOCH + datetime.timedelta(days=ordinal, minutes=minute_of_day)
    local = ordinal * 86400 + minute_of_day * 60
    for fold in (0, 1):
        aware = naive.replace(tzinfo=zone, fold=fold)
        instant = local - int(aware.utcoffset().total_seconds())
        shown = datetime.datetime.fromtimestamp(instant, zone)
        if fold == 0 and shown.replace(tzinfo=None, fold=0) == naive:
            return instant
        if shown.date() == naive.date():
            return instant
    return None


def days(form, first, ordinal):
    if form == 1:
        while True:
            yield ordinal
            ordinal += 1
    while True:
        date = EPOCH + datetime.timedelta(days=ordinal)
        last = calendar.monthrange(date.year, date.month)[1]
        if (form == 2 and date.weekday() == first) or (form == 3 and date.day == (first or last)) or (form == 4 and ordinal == first):
            yield ordinal
        if form == 4 and ordinal > first:
            return
        ordinal += 1


def by_day(zone, form, first, minute_of_day, after, count):
    start = (after + offset_at(zone, after)) // 86400 - 1
    found = []
    for ordinal in days(form, first, start):
        instant = resolve(zone, ordinal, minute_of_day)
        if instant is not None and instant > after:
            found.append(instant)
        if len(found) == count:
            break
    return found


def by_hour(zone, wanted, after, count):
    found, instant = [], after // 900 * 900 + 900
    while len(found) < count:
        if (instant + offset_at(zone, instant)) % 3600 == wanted * 60:
            found.append(instant)
        instant += 900
    return found


def transitions(zone):
    instant = int(datetime.datetime(BEGIN, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    end = int(datetime.datetime(END + 1, 1, 1, tzinfo=datetime.timezone.utc).timestamp())
    before = offset_at(zone, instant)
    while instant < end:
        if offset_at(zone, instant + 43200) != before:
            for step in range(instant, instant + 43201, 900):
                if offset_at(zone, step) != before:
                    yield step, before
                    before = offset_at(zone, step)
        instant += 43200


def cases(zone, number):
    """Every transition day of the zone; a zone without any gets two ordinary days and a leap day."""
    moments = list(transitions(zone)) or [(1709164800, offset_at(zone, 1709164800)), (1767225600, offset_at(zone, 1767225600))]
    for moment, before in moments:
        local_day = (moment + before) // 86400
        after = local_day * 86400 - 86400 - before
        for quarter in range(0, 60, 15):
            for hours in range(18, 42, 3):
                yield 0, quarter, 0, after + hours * 3600
        for slot in range(0, 1440, 15):
            yield 1, slot, 0, after
        near = ((moment + before) // 60) % 1440
        date = EPOCH + datetime.timedelta(days=local_day)
        last = calendar.monthrange(date.year, date.month)[1]
        for slot in sorted({(near + step) % 1440 // 15 * 15 for step in range(-150, 165, 15)}):
            yield 2, date.weekday(), slot, after
            yield 3, date.day, slot, after
            yield 3, 0, slot, after
            yield 4, local_day, slot, after


def main():
    groups = {}
    for name in sorted(zoneinfo.available_timezones() - {"localtime", "posixrules", "Factory"}):
        zone = zoneinfo.ZoneInfo(name)
        key = (offset_at(zone, 1704067200), offset_at(zone, 1924992000), tuple(transitions(zone)))
        groups.setdefault(key, []).append(name)
    records = array.array("q")
    for number, names in enumerate(groups.values()):
        zone = zoneinfo.ZoneInfo(names[0])
        for index, (form, first, second, after) in enumerate(cases(zone, number)):
            seed = (number * 1_000_003 + index) & 0x7FFFFFFFFFFFFFFF
            count = 3 if form < 2 else 1
            found = by_hour(zone, first, after, count) if form == 0 else by_day(zone, form, first, second if form > 1 else first, after, count)
            pairs = [value for slot in found for value in (slot, slot + minute(seed, slot) * 60)]
            records.extend([number, form, first, second, seed, after] + pairs + [0] * (6 - len(pairs)))
    with open(sys.argv[1], "wb") as file:
        for names in groups.values():
            file.write(" ".join(names).encode() + b"\n")
        file.write(b"\n" + records.tobytes())


main()

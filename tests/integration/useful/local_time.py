# SPDX-License-Identifier: Apache-2.0
import datetime
import time
import zoneinfo

assert datetime.datetime.now().astimezone().tzname() == time.tzname[0]
assert zoneinfo.ZoneInfo("Europe/Berlin").utcoffset(
    datetime.datetime(2026, 7, 1)
) == datetime.timedelta(hours=2)
print(190)

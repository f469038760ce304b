"""Dates for people to read, in the current language."""

from datetime import datetime

from mailsetup.i18n import _
from mailsetup.i18n.locale_data import locale_data


def date_and_time(when: datetime) -> str:
    """A date in words, the time in 24 hours, and its offset from UTC. ``when`` has a time zone."""
    data = locale_data()
    zone = when.strftime("%z")
    return _("{date}, {time} (UTC{zone})").format(
        date=data.date.format(day=when.day, month=data.months[when.month - 1], year=when.year),
        time=when.strftime("%H:%M"),
        zone=f"{zone[:3]}:{zone[3:5]}",
    )

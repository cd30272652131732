"""Who unsubscribes with one click gets nothing any more, whatever was planned by then."""

import http.client
import re
from datetime import timedelta
from urllib.parse import urlsplit

from tests.sending.letters import NOW, NUMBERS, WEB, Letters, address, addresses

LATER = NOW + timedelta(days=8)
"""Everybody is due another letter."""


def test_one_click_between_plan_and_deliver_and_the_message_does_not_leave(letters: Letters):
    letters.send()
    letters.queue(LATER)
    assert letters.outcomes() == {"accepted": len(NUMBERS), "queued": len(NUMBERS)}
    (mail,) = letters.simulator.mailbox(address(7))
    link, mailto = re.findall("<(.*?)>", mail["headers"]["List-Unsubscribe"])
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link.startswith(f"{WEB}/u/")
    assert mailto.startswith("mailto:stop@example.com?")
    with letters.endpoint(LATER) as where:
        assert posted(where, urlsplit(link).path) == 200
    report = letters.send(LATER)
    assert report.handed_over == len(NUMBERS) - 1
    assert {str(reason): count for reason, count in report.held_back.items()} == {"suppressed": 1}
    assert letters.copies() == {
        who: copies + (who != address(7)) for who, copies in addresses().items()
    }


def posted(where: str, path: str) -> int:
    """What a mail program posts for its reader (RFC 8058); the status it gets."""
    connection = http.client.HTTPConnection(urlsplit(where).netloc, timeout=10)
    try:
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request("POST", path, "List-Unsubscribe=One-Click", head)
        return connection.getresponse().status
    finally:
        connection.close()

"""The messages SendGrid remembers for Email Logs: the latest ones, so that memory stays flat."""

from collections import deque
from collections.abc import Iterator

from tests.simulator.messages import Message


class Logbook:
    """The latest messages by request."""

    def __init__(self, remember: int) -> None:
        self._remember = remember
        self._requests: dict[str, list[Message]] = {}
        self._order: deque[str] = deque()
        self._many = 0

    def __len__(self) -> int:
        return self._many

    def add(self, request_id: str, messages: list[Message]) -> None:
        """Remember the messages of a request, and forget the oldest where there are too many."""
        self._requests[request_id] = messages
        self._order.append(request_id)
        self._many += len(messages)
        while self._many > self._remember and len(self._order) > 1:
            self._many -= len(self._requests.pop(self._order.popleft()))

    def find(self, sg_message_id: str) -> Message | None:
        """The message with that id."""
        request = self._requests.get(sg_message_id.partition(".")[0], [])
        return next((one for one in request if one.sg_message_id == sg_message_id), None)

    def latest_first(self) -> Iterator[Message]:
        """All messages remembered."""
        for request_id in reversed(self._order):
            yield from reversed(self._requests[request_id])

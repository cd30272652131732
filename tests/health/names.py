"""A name server on loopback for tests: what a zone says, answered over UDP."""

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def answering(zone: Mapping[tuple[str, str], Sequence[str]]) -> Iterator[int]:
    """The port of a server that knows these records: (name, kind) -> values, and nothing else."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    asked, who = listening.recvfrom(4096)
                except TimeoutError:
                    continue
                listening.sendto(_answer(dns.message.from_wire(asked), zone), who)

        running = threading.Thread(target=serve)
        running.start()
        try:
            yield listening.getsockname()[1]
        finally:
            over.set()
            running.join()


def _answer(asked: dns.message.Message, zone: Mapping[tuple[str, str], Sequence[str]]) -> bytes:
    said = dns.message.make_response(asked)
    said.flags |= dns.flags.RA
    question = asked.question[0]
    name = question.name.to_text(omit_final_dot=True)
    kind = question.rdtype.name
    if values := zone.get((name, kind)):
        said.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
    elif not any(known == name for known, _ in zone):
        said.set_rcode(dns.rcode.NXDOMAIN)
    return said.to_wire()

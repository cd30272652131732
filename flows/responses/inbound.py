"""Mail that came in, as SendGrid's Inbound Parse posts it: a form around the raw message."""

SOURCE = "inbound"


def kept(form_type: str, body: bytes) -> bytes:
    """What is stored of a form: its type, which says how to read it, and all its bytes."""
    return b"Content-Type: " + form_type.encode("latin-1", "replace") + b"\r\n\r\n" + body

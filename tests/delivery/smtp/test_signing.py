"""DKIM: what is signed is what arrives, verified by dkimpy, OpenDKIM and by hand after RFC 6376."""

import base64
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import dkim
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as make_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as make_rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st

from flows.delivery.smtp.outlet import SmtpOutlet
from flows.delivery.smtp.signing import Signer
from flows.errors import ConfigError
from flows.outgoing import Outgoing
from flows.outlet_settings import Dkim
from segments.names import Outcome
from tests.delivery.smtp.mails import deliver, mail, settings
from tests.delivery.smtp.office import office

DKIM = Dkim(selector="s2026", key="SHOP_DKIM")
RSA = make_rsa(65537, 2048)
ED25519 = Ed25519PrivateKey.generate()
LISTS = (b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id")


def pem(key: RSAPrivateKey | Ed25519PrivateKey, form: PrivateFormat = PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(Encoding.PEM, form, NoEncryption())


def record(key: RSAPrivateKey) -> bytes:
    """What the sender's domain says in DNS."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


SIGNER = Signer("post", DKIM, pem(RSA))


def signed(message: Outgoing, key: bytes, how: Dkim = DKIM) -> bytes:
    return Signer("post", how, key).signed(message.as_bytes(), message.from_email, message.date)


def verified(content: bytes, key: RSAPrivateKey = RSA) -> bool:
    """What dkimpy says, which looks the key up where the signature says it is."""
    asked: list[bytes] = []

    def look_up(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return record(key)

    good: bool = dkim.verify(content, dnsfunc=look_up)
    assert asked in ([], [b"s2026._domainkey.example.org."])
    return good


def tags(content: bytes) -> dict[bytes, bytes]:
    header = re.match(rb"DKIM-Signature: (.*?)\r\n(?![ \t])", content, re.DOTALL)
    assert header is not None
    pairs = (tag.partition(b"=") for tag in re.sub(rb"\s+", b"", header[1]).split(b";"))
    return {name: value for name, _, value in pairs}


def good_by_hand(content: bytes, key: RSAPrivateKey | Ed25519PrivateKey) -> bool:
    """RFC 6376, 3.4 and 3.7, written down once more."""
    head, _, body = content.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    canonical_body = b"".join(line + b"\r\n" for line in lines)
    said = tags(content)
    if base64.b64decode(said[b"bh"]) != sha256(canonical_body).digest():
        return False

    def relaxed(field: bytes) -> bytes:
        name, _, value = field.partition(b":")
        unfolded = value.replace(b"\r\n", b"")
        return name.lower().strip() + b":" + re.sub(rb"[ \t]+", b" ", unfolded).strip()

    below = list(fields[1:])
    covered = b""
    for name in said[b"h"].split(b":"):
        found = [each for each in below if each.partition(b":")[0].lower() == name]
        if found:
            below.remove(found[-1])
            covered += relaxed(found[-1]) + b"\r\n"
    covered += re.sub(rb"( b=)[^;]*$", rb"\1", relaxed(fields[0]))
    digest, signature = sha256(covered).digest(), base64.b64decode(said[b"b"])
    try:
        if isinstance(key, Ed25519PrivateKey):
            key.public_key().verify(signature, digest)
        else:
            key.public_key().verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
def test_a_signature_is_good_and_covers_what_lists_want(form: PrivateFormat) -> None:
    content = signed(mail(1), pem(RSA, form))
    assert verified(content)
    assert good_by_hand(content, RSA)
    assert content.endswith(b"\r\nFrom: " + mail(1).as_bytes().removeprefix(b"From: "))
    said = tags(content)
    assert said[b"c"] == b"relaxed/relaxed"
    assert (said[b"d"], said[b"s"], said[b"a"]) == (b"example.org", b"s2026", b"rsa-sha256")
    covered = said[b"h"].split(b":")
    assert {b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", *LISTS} <= set(covered)


def test_ed25519_signs_as_well() -> None:
    content = signed(mail(1), pem(ED25519))
    assert tags(content)[b"a"] == b"ed25519-sha256"
    assert good_by_hand(content, ED25519)
    assert not good_by_hand(content, Ed25519PrivateKey.generate())


def test_dkimpy_agrees_about_ed25519() -> None:
    pytest.importorskip("nacl", reason="dkimpy checks Ed25519 with PyNaCl only")
    public = base64.b64encode(ED25519.public_key().public_bytes_raw())
    text = b"v=DKIM1; k=ed25519; p=" + public
    assert dkim.verify(signed(mail(1), pem(ED25519)), dnsfunc=lambda name, timeout=5: text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: Hello 1", b"Subject: Hello 2"),
        (b"<p>Hello</p>", b"<p>Hallo</p>"),
        (b"List-Unsubscribe-Post: List", b"List-Unsubscribe-Post: Lost"),
        (b"From: Shop", b"From: evil@example.com\r\nFrom: Shop"),
        (b"Subject: Hello 1", b"Subject: Buy\r\nSubject: Hello 1"),
    ],
    ids=["subject", "body", "list", "second sender", "second subject"],
)
def test_a_signature_is_bad_once_something_was_changed_or_added(old: bytes, new: bytes) -> None:
    content = signed(mail(1), pem(RSA))
    assert old in content
    changed = content.replace(old, new, 1)
    assert not verified(changed)
    assert not good_by_hand(changed, RSA)


def test_a_service_mail_has_no_lists_and_a_good_signature() -> None:
    content = signed(mail(1, headers={}), pem(RSA))
    assert verified(content)
    assert not set(LISTS) & set(tags(content)[b"h"].split(b":"))


@trying(max_examples=30, deadline=None)
@given(st.text(), st.text(alphabet=" \t\r\n.xä"), st.text(st.characters(categories=["L", "Zs"])))
def test_whatever_is_written_its_signature_is_good(html: str, text: str, name: str) -> None:
    message = mail(1, html=html, text=text, subject=name, to_name=name)
    content = SIGNER.signed(message.as_bytes(), message.from_email, message.date)
    assert verified(content)
    assert good_by_hand(content, RSA)


def test_the_same_message_gets_the_same_signature_and_another_day_another() -> None:
    assert signed(mail(1), pem(RSA)) == signed(mail(1), pem(RSA))
    later = mail(1, date=mail(1).date + timedelta(days=1))
    assert tags(signed(later, pem(RSA)))[b"t"] != tags(signed(mail(1), pem(RSA)))[b"t"]


def test_another_domain_and_line_ends_written_out_are_understood() -> None:
    how = DKIM.model_copy(update={"domain": "Mail.Münch.example"})
    content = signed(mail(1), pem(RSA).replace(b"\n", b"\\n"), how)
    assert tags(content)[b"d"] == b"mail.xn--mnch-0ra.example"
    assert good_by_hand(content, RSA)


def test_what_leaves_is_the_message_with_its_signature_on_top() -> None:
    with office() as server:
        how = settings(server.port, dkim=DKIM)
        with SmtpOutlet.open("post", how, None, pem(RSA)) as opened:
            assert deliver(opened, mail(1))[1].outcome is Outcome.ACCEPTED
    content = server.taken[0].content
    assert isinstance(content, bytes)
    assert verified(content)
    header, mark, rest = content.partition(b"\r\nFrom: ")
    assert header.startswith(b"DKIM-Signature: ")
    assert mark[2:] + rest == mail(1).as_bytes()


def test_opendkim_agrees(tmp_path: Path) -> None:
    program = shutil.which("opendkim", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        pytest.skip("OpenDKIM is not installed (apt-get install opendkim)")
    good, bad = tmp_path / "good.eml", tmp_path / "bad.eml"
    content = signed(mail(1), pem(RSA))
    good.write_bytes(content)
    bad.write_bytes(content.replace(b"Hello 1", b"Hello 2", 1))
    (tmp_path / "keys").write_bytes(b"s2026._domainkey.example.org " + record(RSA) + b"\n")
    (tmp_path / "conf").write_text(f"Mode v\nSyslog no\nTestPublicKeys {tmp_path / 'keys'}\n")
    found = {}
    for file in (good, bad):
        command = [program, "-x", str(tmp_path / "conf"), "-t", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
        found[file.stem] = done.stdout + done.stderr
    assert "verification (s=s2026, d=example.org, 2048-bit key" in found["good"]
    assert "succeeded" in found["good"]
    assert "succeeded" not in found["bad"]


@pytest.mark.parametrize(
    ("key", "how", "said"),
    [
        (None, {}, "the environment variable SHOP_DKIM is not set"),
        (b"no key", {}, "the environment variable SHOP_DKIM holds no private key in PEM"),
        (
            RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
            {},
            "has a password",
        ),
        (
            make_ec(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            {},
            "is of no use for DKIM",
        ),
        (pem(RSA), {"selector": "a b"}, '"a b" is no selector'),
        (pem(RSA), {"domain": "x..y"}, '"x..y" is no domain'),
    ],
    ids=["none", "no PEM", "password", "wrong kind", "selector", "domain"],
)
def test_what_cannot_sign_is_told_before_anything_leaves(
    key: bytes | None, how: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        SmtpOutlet.open("post", settings(25, dkim=DKIM.model_copy(update=how)), None, key)
    assert said in str(caught.value)
    assert 'config/settings.yaml  outlet "post": dkim: ' in str(caught.value)


def test_without_the_extra_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['dkim'] = None\n"
        "from flows.delivery.smtp.outlet import SmtpOutlet\n"
        "from flows.outlet_settings import Dkim, SmtpOutletSettings\n"
        "plain = SmtpOutletSettings(kind='smtp', host='x')\n"
        "SmtpOutlet.open('post', plain, None, None).close()\n"
        "signing = plain.model_copy(update={'dkim': Dkim(selector='s', key='KEY')})\n"
        "SmtpOutlet.open('post', signing, None, b'key')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert 'pip install "stammkunde[dkim]"' in done.stderr
    assert "ConfigError" in done.stderr

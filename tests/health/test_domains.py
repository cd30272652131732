"""What the sender's domain lacks, asked of a real name server."""

import base64
import socket

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from flows.health.domains import dkim, dmarc, domains, mail, spf
from flows.health.finding import Finding
from flows.health.resolving import DnsResolver
from flows.outlet_settings import AnOutlet
from flows.settings import Senders, Settings
from tests.health.names import answering

SMTP = {"kind": "smtp", "host": "mail.nordholz.test"}
SENDGRID = {"kind": "sendgrid"}
SENDERS = Senders.model_validate(
    {
        "name": "Nordholz",
        "email": "post@nordholz.test",
        "imprint": {"company": "Nordholz GmbH", "address": ["Weg 1"]},
    }
)


def settings(**outlet: object) -> Settings:
    return Settings.model_validate(
        {"outlet": "out", "outlets": {"out": outlet}, "unsubscribe": "stop@nordholz.test"}
    )


def ways(**outlet: object) -> dict[str, AnOutlet]:
    return dict(settings(**outlet).outlets)


def keys(found: list[Finding]) -> list[str]:
    return [each.key for each in found]


def resolver(port: int) -> DnsResolver:
    return DnsResolver(["127.0.0.1"], port, patience=5.0)


@pytest.mark.parametrize(
    ("records", "key"),
    [
        (['"v=spf1 include:_spf.mail.test -all"'], "spf_fine"),
        (['"v=spf1 include:_spf.mail.test" " ~all"', '"google-site-verification=x"'], "spf_fine"),
        (['"v=spf1 redirect=_spf.mail.test"'], "spf_fine"),
        (['"something else"'], "spf_missing"),
        (['"v=spf1 mx -all"', '"v=spf1 a -all"'], "spf_twice"),
        (['"v=spf1 mx +all"'], "spf_everybody"),
        (['"v=spf1 mx"'], "spf_open_end"),
        (['"v=spf1 ' + " ".join(f"include:{n}.test" for n in range(11)) + ' -all"'], "spf_long"),
    ],
)
def test_who_may_send_in_the_name_of_the_domain(records: list[str], key: str) -> None:
    with answering({("nordholz.test", "TXT"): records}) as port:
        assert keys(spf("nordholz.test", ways(**SMTP), resolver(port))) == [key]


def test_a_domain_without_spf_is_broken_for_a_mail_server_and_worth_a_look_for_sendgrid() -> None:
    with answering({}) as port:
        (by_server,) = spf("nordholz.test", ways(**SMTP), resolver(port))
        (by_sendgrid,) = spf("nordholz.test", ways(**SENDGRID), resolver(port))
    assert (by_server.grade, by_sendgrid.grade) == ("broken", "look")


def test_sendgrids_two_records_have_to_lead_to_it() -> None:
    there = {
        (f"s{n}._domainkey.nordholz.test", "CNAME"): [f"s{n}.domainkey.u1.wl.sendgrid.net."]
        for n in (1, 2)
    }
    one = dict(list(there.items())[:1])
    elsewhere = {**one, ("s2._domainkey.nordholz.test", "CNAME"): ["s2.notsendgrid.net."]}
    for zone, key in (
        (there, "dkim_fine"),
        (one, "dkim_sendgrid_missing"),
        (elsewhere, "dkim_sendgrid_missing"),
    ):
        with answering(zone) as port:
            found = dkim("nordholz.test", ways(**SENDGRID), {}, resolver(port))
        assert keys(found) == [key]
    assert "s2._domainkey.nordholz.test" in str(found[0].parts)


def test_the_published_key_has_to_be_the_one_we_sign_with() -> None:
    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = base64.b64encode(
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    outlet = ways(**SMTP, dkim={"selector": "nov", "key": "DKIM_KEY"})
    name = ("nov._domainkey.nordholz.test", "TXT")
    # In two pieces, as long keys are kept.
    ours = [f'"v=DKIM1; k=rsa; p={public[:200]}" "{public[200:]}"']
    for zone, key in (
        ({name: ours}, "dkim_fine"),
        ({}, "dkim_missing"),
        ({name: ['"v=DKIM1; p="']}, "dkim_revoked"),
        ({name: ['"v=DKIM1; p=AAAA"']}, "dkim_other_key"),
    ):
        with answering(zone) as port:
            # Line ends are often written out in an environment.
            environment = {"DKIM_KEY": pem.replace("\n", "\\n")}
            found = dkim("nordholz.test", outlet, environment, resolver(port))
        assert keys(found) == [key]


@pytest.mark.parametrize(
    ("name", "record", "key"),
    [
        ("_dmarc.mail.nordholz.test", "v=DMARC1; p=reject", "dmarc_fine"),
        ("_dmarc.nordholz.test", "v=DMARC1; p=none; rua=mailto:d@nordholz.test", "dmarc_fine"),
        ("_dmarc.nordholz.test", "v=DMARC1; p=none", "dmarc_unread"),
        ("_dmarc.nordholz.test", "v=DMARC1; p=perhaps", "dmarc_odd"),
        ("_dmarc.elsewhere.test", "v=DMARC1; p=none", "dmarc_missing"),
    ],
)
def test_the_policy_of_the_domain_or_of_the_one_around_it(name: str, record: str, key: str) -> None:
    with answering({(name, "TXT"): [f'"{record}"']}) as port:
        assert keys(dmarc("mail.nordholz.test", resolver(port))) == [key]


def test_mail_to_the_sender_and_answers_have_to_arrive_somewhere() -> None:
    written = settings(**SENDGRID).model_dump()
    written["web"]["inbound"] = {"replies": "antwort@parse.nordholz.test"}
    wanted = Settings.model_validate(written)
    ours = {("nordholz.test", "MX"): ["10 mail.nordholz.test."]}
    with answering(ours) as port:
        assert keys(mail(wanted, SENDERS, resolver(port))) == ["mx_fine", "replies_elsewhere"]
    with answering({("parse.nordholz.test", "MX"): ["10 mx.sendgrid.net."]}) as port:
        assert keys(mail(wanted, SENDERS, resolver(port))) == ["mx_missing", "mx_fine"]
    # "No mail here", as RFC 7505 has it.
    with answering({("nordholz.test", "MX"): ["0 ."]}) as port:
        assert keys(mail(wanted, SENDERS, resolver(port)))[0] == "mx_missing"


def test_without_a_resolver_nothing_is_wrong() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        asked = DnsResolver(["127.0.0.1"], deaf.getsockname()[1], patience=0.3)
        found = domains(settings(**SMTP), SENDERS, ["out"], {}, asked)
    assert [(each.grade, each.key) for each in found] == [("skipped", "no_resolver")]


def test_where_nothing_leaves_nobody_is_asked() -> None:
    found = domains(settings(kind="folder"), SENDERS, ["out"], {}, DnsResolver(["127.0.0.1"], 1))
    assert keys(found) == ["nothing_leaves"]

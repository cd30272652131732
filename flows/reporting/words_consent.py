"""What is said about consents and suppressions, in German and in English."""

from enum import StrEnum

from segments.names import ConsentStage, PermissionKind

WORDS_EN: dict[type[StrEnum], dict[str, str]] = {
    ConsentStage: {
        ConsentStage.REQUESTED: "asked for",
        ConsentStage.MAILED: "mail to confirm it",
        ConsentStage.CONFIRMED: "confirmed",
        ConsentStage.EXPIRED: "never confirmed, lapsed",
    },
    PermissionKind: {
        PermissionKind.CONSENT: "consent",
        PermissionKind.OBJECTION: "objection",
        PermissionKind.EXISTING_CUSTOMER: "existing customer",
        PermissionKind.TRACKING: "consent to being tracked",
    },
}

WORDS_DE: dict[type[StrEnum], dict[str, str]] = {
    ConsentStage: {
        ConsentStage.REQUESTED: "angefragt",
        ConsentStage.MAILED: "Mail zur Bestätigung",
        ConsentStage.CONFIRMED: "bestätigt",
        ConsentStage.EXPIRED: "nie bestätigt, verfallen",
    },
    PermissionKind: {
        PermissionKind.CONSENT: "Einwilligung",
        PermissionKind.OBJECTION: "Widerspruch",
        PermissionKind.EXISTING_CUSTOMER: "Bestandskunde",
        PermissionKind.TRACKING: "Einwilligung in Erfolgsmessung",
    },
}

TEXTS_EN = {
    "no_consents": "{contact} agreed to nothing and objected to nothing.",
    "in_force": "in force",
    "stands_not": "not in force",
    "proof_of": "Proof of consent: {who}",
    "proof_customer": "Customer: {customer}",
    "proof_as_of": "As of {at}",
    "proof_at": "since",
    "proof_requested_at": "asked for at",
    "proof_confirmed_at": "confirmed at",
    "proof_ended_at": "ended at",
    "proof_collected_at": "address collected at",
    "proof_source": "form or page",
    "proof_text_version": "version of the wording",
    "proof_wording": "wording",
    "proof_category": "goods",
    "proof_notice": "notice given",
    "proof_proof": "proof",
    "proof_noted_by": "noted by",
    "proof_send_id": "number of the mail",
    "proof_handed_over_at": "handed over at",
    "proof_provider_id": "number at the provider",
    "proof_valid_until": "link good until",
    "proof_token": "token of the link",
}

TEXTS_DE = {
    "no_consents": "{contact} hat in nichts eingewilligt und nichts widersprochen.",
    "in_force": "gilt",
    "stands_not": "gilt nicht",
    "proof_of": "Nachweis der Einwilligungen: {who}",
    "proof_customer": "Kunde: {customer}",
    "proof_as_of": "Stand: {at}",
    "proof_at": "seit",
    "proof_requested_at": "angefragt am",
    "proof_confirmed_at": "bestätigt am",
    "proof_ended_at": "beendet am",
    "proof_collected_at": "Adresse erhoben am",
    "proof_source": "Formular oder Seite",
    "proof_text_version": "Fassung des Wortlauts",
    "proof_wording": "Wortlaut",
    "proof_category": "Warengruppe",
    "proof_notice": "Hinweis",
    "proof_proof": "Nachweis",
    "proof_noted_by": "vermerkt durch",
    "proof_send_id": "Nummer der Mail",
    "proof_handed_over_at": "übergeben am",
    "proof_provider_id": "Nummer beim Versender",
    "proof_valid_until": "Link gilt bis",
    "proof_token": "Token des Links",
}

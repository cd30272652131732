"""What is said about the lists of SendGrid, in German and in English."""

EN = {
    "lists_none": "No way out in config/settings.yaml is SendGrid, so there are no lists to read.",
    "list_read": "{name}: {read} read, {new} newly suppressed",
}
DE = {
    "lists_none": "Kein Versandweg in config/settings.yaml ist SendGrid: Es gibt keine Listen zu "
    "lesen.",
    "list_read": "{name}: {read} gelesen, {new} neu gesperrt",
}

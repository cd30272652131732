"""SendGrid as a way out."""

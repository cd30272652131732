"""Responding: what came back finds its way to the send it answers."""

from datetime import datetime

from flows.responses.apply import ResponseReport
from flows.responses.apply import respond as take_in
from flows.responses.mail_work import MailDesk
from flows.settings import link_secrets
from flows.stages.breaking import look
from flows.stages.shop import Progress, Shop, noted_run, quiet


def respond(shop: Shop, now: datetime, *, progress: Progress = quiet) -> ResponseReport:
    """Take in the inbox and attribute orders. The same event twice changes nothing.

    Where too much came back, a journey or a way out stands still from then on.
    """
    project = shop.project
    with noted_run(shop, "respond", now) as (run_id, counts):
        report = take_in(
            shop.engine,
            project.folder / project.settings.inbox,
            now=now,
            run_id=run_id,
            desk=MailDesk(
                link_secrets(project.folder), project.owners.default, project.policy.locale
            ),
            progress=lambda done, of: progress("respond", done, of),
        )
        counts |= {
            "new": {str(kind): number for kind, number in report.new.items()},
            "orders": report.orders,
            "tasks_done": report.tasks_done,
            "mails": report.mails,
            "stopped": [each.why for each in look(shop, now)],
        }
    return report

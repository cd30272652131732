"""A Postfix of our own for the time of the tests, where its programs are installed."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.certificates import Authority

_DAEMONS = Path("/usr/lib/postfix/sbin")
_MAIN = """
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/log
maillog_file_prefixes = {home}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = post.example.org
mydestination =
mynetworks = 192.0.2.0/24
alias_maps =
alias_database =
local_header_rewrite_clients =
smtputf8_enable = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = {home}/chain.pem
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{
    {{ greylisted@example.com = 450 4.2.0 Greylisted, come back later }}
    {{ choosy@example.com = 550 5.7.1 Not from you }}
  }}
header_checks = regexp:{{ {{ /^Subject: .*pills/ REJECT we want no pills }} }}
virtual_mailbox_domains = example.com
virtual_mailbox_base = {home}/mail
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
"""
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
retry unix - - n - - error
error unix - - n - - error
virtual unix - n n - - virtual
"""


@dataclass(frozen=True)
class Postfix:
    """Where it listens, and where it puts what it delivers."""

    port: int
    mail: Path

    def delivered(self, box: str) -> list[bytes]:
        """What lies in a mailbox, with the lines Postfix put on top taken off."""
        return [_without_top(file.read_bytes()) for file in (self.mail / box).glob("new/*")]

    def wait_for(self, box: str, count: int) -> list[bytes]:
        """The same, as soon as there is so much."""
        for _ in range(100):
            if len(found := self.delivered(box)) >= count:
                break
            time.sleep(0.05)
        return found


def why_not() -> str | None:
    """Why there can be no Postfix here, or nothing."""
    if shutil.which("postfix") is None or not (_DAEMONS / "master").exists():
        return "Postfix is not installed (apt-get install postfix)"
    return None if os.geteuid() == 0 else "Postfix is started by root alone"


@contextmanager
def postfix(authority: Authority, boxes: int) -> Iterator[Postfix]:
    """Start one with mailboxes ada1, ada2, ... at example.com, and stop it by its pid."""
    home = Path(tempfile.mkdtemp(prefix="postfix"))
    home.chmod(0o755)
    owner = home / "mail"
    for folder in (home / "queue", home / "data", owner, home / "conf"):
        folder.mkdir()
    shutil.chown(home / "data", "postfix")
    shutil.chown(owner, "postfix", "postfix")
    shutil.copy(authority.vouch(), home / "chain.pem")
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    status = owner.stat()
    names = " ".join(f"{{ ada{n}@example.com = ada{n}/ }}" for n in range(1, boxes + 1))
    (home / "conf" / "main.cf").write_text(
        _MAIN.format(home=home, daemons=_DAEMONS, uid=status.st_uid, gid=status.st_gid, boxes=names)
    )
    (home / "conf" / "master.cf").write_text(_MASTER.format(port=port))
    try:
        running = subprocess.Popen(
            ["postfix", "-c", str(home / "conf"), "start-fg"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _await(port, home / "log")
            yield Postfix(port, owner)
        finally:
            # What was started waits for the master, which ends all the others.
            master = home / "queue" / "pid" / "master.pid"
            os.kill(int(master.read_text()) if master.exists() else running.pid, signal.SIGTERM)
            running.wait(10)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _await(port: int, log: Path) -> None:
    for _ in range(200):
        with closing(socket.socket()) as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(log.read_text() if log.exists() else "Postfix did not start")


def _without_top(content: bytes) -> bytes:
    """The message as it was handed over: a maildir holds bare line feeds, and Postfix's own lines
    stand on top of ours, which begin with From or with a signature.
    """
    lines = content.split(b"\n")
    first = next(
        at for at, line in enumerate(lines) if line.startswith((b"From: ", b"DKIM-Signature: "))
    )
    return b"\r\n".join(lines[first:])

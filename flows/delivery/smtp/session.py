"""One connection to a mail server: a message after the other, each to one recipient."""

from contextlib import suppress

from flows.delivery.smtp import answers
from flows.delivery.smtp.answers import CLOSING, Meaning, Stage, Told
from flows.delivery.smtp.line import Broken, Line

_AFTER_CONTENT = 3
"""So many times as long the answer to a whole message is awaited: a server may look into it for
viruses first, and without its answer nobody knows."""

_AT_REST, _AT_THE_END = 10.0, 2.0

_Commands = list[tuple[Stage, bytes]]


class Session:
    """A connection that is ready for messages."""

    def __init__(self, line: Line, extensions: dict[str, str], timeout: float) -> None:
        self.handed_over = 0
        self.proven = False
        """Whether the server has answered about a message."""
        self._line = line
        self._timeout = timeout
        self._pipelining = "pipelining" in extensions
        size = extensions.get("size")
        self._says_size = size is not None
        self._most = int(size) if size and size.isdecimal() else 0
        self._unclean = False

    @property
    def usable(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self._line.quiet

    async def hand_over(self, sender: str, recipient: str, content: bytes) -> Told:
        """Offer a message: what became of it. `content` is a whole message with CRLF."""
        if 0 < self._most < len(content):
            return Told(
                Meaning.REFUSED,
                f"the message has {len(content)} bytes, and the mail server takes {self._most}",
            )
        self.handed_over += 1
        refusal = await self._envelope(sender, recipient, len(content))
        if refusal is None:
            refusal = await self._leave(content)
        told = refusal or await self._verdict()
        if told.meaning in (Meaning.OVER, Meaning.DOUBT):
            self._line.drop("was left")
        else:
            self.proven = True
        return told

    async def _envelope(self, sender: str, recipient: str, size: int) -> Told | None:
        """Say who sends to whom; why the content must not follow, or nothing."""
        says_size = f" SIZE={size}" if self._says_size else ""
        commands: _Commands = [
            (Stage.SENDER, f"MAIL FROM:<{sender}>{says_size}\r\n".encode("ascii")),
            (Stage.RECIPIENT, f"RCPT TO:<{recipient}>\r\n".encode("ascii")),
            (Stage.DATA, b"DATA\r\n"),
        ]
        try:
            # What is left of a refused message goes first.
            if self._unclean and not self._pipelining and not await self._reset(self._timeout):
                return answers.over("did not forget the message before")
            return await (self._at_once if self._pipelining else self._in_turn)(commands)
        except Broken as broken:
            return answers.over(str(broken))

    async def _in_turn(self, commands: _Commands) -> Told | None:
        for stage, command in commands:
            self._line.say(command)
            told = _before(stage, await self._line.reply(self._timeout))
            if told.meaning is not Meaning.TAKEN:
                self._unclean = True
                return told
        return None

    async def _at_once(self, commands: _Commands) -> Told | None:
        """All in one, as RFC 2920 has it: answers come in order, refusals do not stop the rest."""
        reset = b"RSET\r\n" if self._unclean else b""
        self._line.say(reset + b"".join(command for _, command in commands))
        heard: list[Told] = []
        try:
            if reset and (await self._line.reply(self._timeout)).code // 100 != 2:
                return answers.over("did not forget the message before")
            for stage, _ in commands:
                reply = await self._line.reply(self._timeout)
                heard.append(_before(stage, reply))
                if reply.code == CLOSING:
                    self._line.drop("closed the connection")
                    break
        except Broken:
            if all(told.meaning is Meaning.TAKEN for told in heard):
                raise
        refused = next((told for told in heard if told.meaning is not Meaning.TAKEN), None)
        self._unclean = refused is not None
        if refused is not None and len(heard) == len(commands):
            await self._withdraw(*(told.meaning is Meaning.TAKEN for told in heard[1:]))
        return refused

    async def _withdraw(self, recipient_taken: bool, content_awaited: bool) -> None:
        """After a refusal the server may still await the content: it gets an empty one.

        It has nobody to bring that to. A server that does is left without a word.
        """
        if not content_awaited:
            return
        if recipient_taken:
            self._line.drop("took a recipient without a sender")
            return
        self._line.say(b".\r\n")
        try:
            await self._line.reply(self._timeout)
        except Broken:
            return
        self._unclean = False

    async def _leave(self, content: bytes) -> Told | None:
        """Let the content leave, all but its last line; why it must not be finished, or nothing."""
        self._unclean = False
        stuffed = content.replace(b"\r\n.", b"\r\n..")
        if stuffed.startswith(b"."):
            stuffed = b"." + stuffed
        if not stuffed.endswith(b"\r\n"):
            stuffed += b"\r\n"
        try:
            await self._line.say_all(stuffed, self._timeout)
        except Broken as broken:
            early = self._line.early()
            told = answers.over(str(broken)) if early is None else _before(Stage.CONTENT, early)
            return answers.over(str(broken)) if told.meaning is Meaning.TAKEN else told
        return None

    async def _verdict(self) -> Told:
        """Say that this was all, and hear what becomes of it."""
        self._line.say(b".\r\n")
        try:
            reply = await self._line.reply(_AFTER_CONTENT * self._timeout)
        except Broken as broken:
            return answers.doubt(str(broken))
        told = answers.told(Stage.CONTENT, reply)
        if told.meaning is Meaning.GARBLED:
            return answers.doubt(f"said {reply.said}")
        return told

    async def rested(self) -> bool:
        """Whether the connection still serves after a while in which nobody spoke."""
        try:
            return self.usable and await self._reset(min(self._timeout, _AT_REST))
        except Broken:
            return False

    async def _reset(self, seconds: float) -> bool:
        self._line.say(b"RSET\r\n")
        agreed = (await self._line.reply(seconds)).code // 100 == 2
        if agreed:
            self._unclean = False
        else:
            self._line.drop("did not start anew")
        return agreed

    async def quit(self) -> None:
        """Take leave."""
        if self.usable:
            self._line.say(b"QUIT\r\n")
            with suppress(Broken):
                await self._line.reply(_AT_THE_END)
        await self._line.hang_up(_AT_THE_END)

    async def abandon(self) -> None:
        """End the connection in the midst of whatever is under way."""
        self._line.drop("was left")
        await self._line.hang_up(_AT_THE_END)


def _before(stage: Stage, reply: answers.Reply) -> Told:
    """What an answer means that came before the content had left: without sense, it ends here."""
    told = answers.told(stage, reply)
    if told.meaning is Meaning.GARBLED:
        return Told(Meaning.OVER, told.sentence)
    return told

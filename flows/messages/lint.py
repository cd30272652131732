"""Every message of a templates folder, checked before anybody gets it: all faults at once."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

from jinja2 import nodes

from flows.errors import ConfigError, Fault, MessageError
from flows.messages.compose import compose, filled
from flows.messages.context import OPTIONAL, Letterhead
from flows.messages.envelope import printed
from flows.messages.environment import ROOT
from flows.messages.explain import TemplateError, unknown
from flows.messages.library import Library
from flows.messages.message import PARTS, Message
from flows.messages.sample import AT, Sample, read_sample
from flows.messages.styles import STYLE, too_clever
from segments.names import Purpose

SUBJECT_MOST = 60
PREHEADER = (40, 110)
HTML_MOST = 95_000
_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+")
PROMOTING = {"button", "coupon", "offer", "cross_sell"}
"""Parts by these names, under _macros or _blocks, advertise, whatever is written in them."""


def lint(folder: Path, letterhead: Letterhead) -> list[Fault]:
    """Everything wrong with the messages in a folder, in order of file and line."""
    try:
        library = Library.open(folder)
    except ConfigError as error:
        return error.faults
    faults = {
        Fault(ROOT + STYLE, line, f'"{selector}" depends on its surroundings. Use a tag or a class')
        for line, selector in too_clever(_read(folder / STYLE))
    }
    for name in sorted(path.name for path in folder.iterdir() if _is_message(path)):
        sample = read_sample(folder / name / "sample.yaml")
        locales = library.locales(name)
        if not locales:
            faults.add(Fault(ROOT + name, 0, f"holds no language. Write {name}/de/subject.txt"))
        for locale in locales:
            gone = [
                Fault(f"{ROOT}{name}/{locale}/{part}", 0, "is missing")
                for part in PARTS
                if not (folder / name / locale / part).is_file()
            ]
            faults.update(gone)
            if not gone and isinstance(sample, Sample):
                faults.update(
                    _message(
                        library.message(name, locale, letterhead.shared),
                        library,
                        sample,
                        letterhead,
                    )
                )
        faults.update(sample if isinstance(sample, list) else [])
    return sorted(faults)


def _is_message(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith((".", "_"))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8-sig") if file.is_file() else ""


def _message(
    message: Message, library: Library, sample: Sample, letterhead: Letterhead
) -> list[Fault]:
    try:
        facts = sample.facts(message.name, message.locale)
        known = printed(filled(message, facts, letterhead, AT), message)
        faults = _names(message, message.known | known)
    except TemplateError as error:
        return [error.fault]
    if faults:
        return faults
    stranger = replace(
        facts, salutation=None, title=None, first_name=None, last_name=None, customer_name=None
    )
    try:
        outgoing = compose(library, facts, letterhead, AT).outgoing
        compose(library, stranger, letterhead, AT)
        rendered = message.render(known)
    except TemplateError as error:
        return [error.fault]
    except MessageError as error:
        return [Fault(f"{ROOT}{message.name}/sample.yaml", 1, str(error))]
    found = _Html()
    found.feed(outgoing.html)
    folder = f"{ROOT}{message.name}/{message.locale}/"
    return [
        *_lengths(folder, rendered.subject, rendered.preheader, outgoing.html),
        *_links(folder, found.links, outgoing.text),
        *_unsubscribe(folder, sample.purpose, known, found.links),
        *_images(message, found.bare_images),
        *_promotion(message, sample.purpose),
    ]


def _promotion(message: Message, purpose: Purpose) -> Iterator[Fault]:
    """What advertises has no place in a message that needs no permission (BGH VI ZR 134/15)."""
    if purpose in OPTIONAL:
        return
    for path in filter(_is_template, message.sources):
        for drawn in message.tree(path).find_all((nodes.Include, nodes.FromImport, nodes.Import)):
            taken = getattr(getattr(drawn, "template", None), "value", "")
            if PurePosixPath(str(taken)).stem in PROMOTING:
                what = (
                    f"is {purpose} and takes in {taken}: that is advertising. Leave it out, or "
                    "give the message the purpose advertising in its sample.yaml"
                )
                yield Fault(ROOT + path, drawn.lineno, what)


def _names(message: Message, known: dict[str, object]) -> list[Fault]:
    """Names no message knows, also where the sample does not pass."""
    trees = {path: message.tree(path) for path in message.sources if _is_template(path)}
    own = {"loop", "self", "super", "caller", "varargs", "kwargs", "subject", "preheader", "range"}
    for tree in trees.values():
        own |= {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
        own |= {macro.name for macro in tree.find_all(nodes.Macro)}
        for taken in tree.find_all(nodes.FromImport):
            own |= {each if isinstance(each, str) else each[1] for each in taken.names}
        own |= {taken.target for taken in tree.find_all(nodes.Import)}
    faults = []
    for path, tree in trees.items():
        for name in tree.find_all(nodes.Name):
            if name.ctx == "load" and name.name not in own | known.keys():
                what = f"uses {name.name}, but {unknown('', name.name, sorted(known))}"
                faults.append(Fault(ROOT + path, name.lineno, what))
        for step in tree.find_all(nodes.Getattr):
            holder = step.node.name if isinstance(step.node, nodes.Name) else None
            value = known.get(holder) if holder and holder not in own else None
            if isinstance(value, dict) and step.attr not in value:
                what = unknown(f" in {holder}", step.attr, list(value))
                faults.append(
                    Fault(ROOT + path, step.lineno, f"uses {holder}.{step.attr}, but {what}")
                )
        for drawn in tree.find_all((nodes.Include, nodes.Extends, nodes.FromImport)):
            if not isinstance(getattr(drawn, "template", None), nodes.Const):
                what = "takes in a file whose name is computed. Write the name itself"
                faults.append(Fault(ROOT + path, drawn.lineno, what))
    return faults


def _is_template(path: str) -> bool:
    return path.endswith((".html", ".txt"))


def _lengths(folder: str, subject: str, preheader: str, html: str) -> list[Fault]:
    faults = []
    if not subject or len(subject) > SUBJECT_MOST:
        what = f"is {len(subject)} characters long. Phones show {SUBJECT_MOST} at most"
        faults.append(Fault(f"{folder}subject.txt", 1, what))
    least, most = PREHEADER
    if not least <= len(preheader) <= most:
        what = f"is {len(preheader)} characters long. Write between {least} and {most}"
        faults.append(Fault(f"{folder}preheader.txt", 1, what))
    if len(html.encode()) >= HTML_MOST:
        what = f"makes {len(html.encode())} bytes. Gmail cuts what is longer than {HTML_MOST}"
        faults.append(Fault(f"{folder}body.html", 0, what))
    return faults


def _links(folder: str, links: list[str], text: str) -> list[Fault]:
    """A reader of the plain text can follow every link, and no others."""
    faults = []
    written = {link.rstrip(".,;:!?)") for link in _LINK.findall(text)}
    dialled = re.sub(r"\(0\)|[^\d+]", "", text)
    for link in sorted(set(links)):
        scheme, _, rest = link.partition(":")
        there = link in written
        if scheme == "tel":
            there = rest in dialled
        elif scheme == "mailto" and not there:
            there = "?" not in rest and rest in text
        if not there:
            # The target may hold a token or an address, so only its kind is told.
            faults.append(Fault(f"{folder}body.txt", 0, f"lacks a {scheme}: link of body.html"))
    for link in sorted(written - set(links)):
        scheme = link.partition(":")[0]
        faults.append(Fault(f"{folder}body.html", 0, f"lacks a {scheme}: link of body.txt"))
    return faults


def _unsubscribe(
    folder: str, purpose: Purpose, known: dict[str, object], links: list[str]
) -> list[Fault]:
    wanted = known["unsubscribe"]
    if purpose in OPTIONAL and (not isinstance(wanted, dict) or wanted["link"] not in links):
        what = f"is {purpose} without a way out. Print {{{{ unsubscribe.link }}}} in a link"
        return [Fault(f"{folder}body.html", 0, what)]
    return []


def _images(message: Message, count: int) -> list[Fault]:
    """Where the images without a description stand; their number alone if it cannot be seen."""
    faults = []
    for path, source in message.sources.items():
        for match in re.finditer(r"<img\b(?:[^>\"]|\"[^\"]*\")*>", source):
            if count and not re.search(r"\salt\s*=", match[0]):
                line = source.count("\n", 0, match.start()) + 1
                what = 'shows an <img> without alt. Describe it, or write alt="" for decoration'
                faults.append(Fault(ROOT + path, line, what))
    return faults


class _Html(HTMLParser):
    """Links, and images that say nothing where images are off."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.bare_images = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of a tag."""
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
        if tag == "img" and "alt" not in given:
            self.bare_images += 1

"""The lexical half of the description language: lines of words, quoted texts, numbers, and the one kind of error."""

import re
from dataclasses import dataclass
from pathlib import Path

FIRST_VERSION, LAST_VERSION = 100, 226  # kMinServerVersion and kMaxServerVersion in protocol/schema.h
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[{}()]|[^\s(){}"#,]+|#.*')


class Wrong(Exception):
    """A description that cannot be used; its text is "file:line: reason"."""


@dataclass
class Line:
    where: str  # "file:line"
    words: list  # texts keep their quotes; comments are gone
    text: str


def read_lines(path):
    """The lines of a file that hold more than a comment."""
    try:
        content = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Wrong(f"{Path(path).name}:1: cannot be read: {error}") from None
    lines = []
    for number, raw in enumerate(content.splitlines(), 1):
        where = f"{Path(path).name}:{number}"
        if '"' in WORD.sub("", raw):
            raise Wrong(f"{where}: a text is not closed: {raw.strip()}")
        words = [w for w in WORD.findall(raw) if not w.startswith("#")]
        if words:
            lines.append(Line(where, words, raw.strip()))
    return lines


def is_text(word):
    return len(word) >= 2 and word[0] == '"' and word[-1] == '"'


def unquote(word, where):
    if not is_text(word):
        raise Wrong(f'{where}: expected a "quoted text", found {word}')
    return word[1:-1].replace('\\"', '"')


def doc(word, where):
    """A text for people. It ends up in C++ comments, where a backslash could join lines."""
    text = unquote(word, where)
    if not text.strip() or "\\" in text:
        raise Wrong(f"{where}: a text that explains is not empty and has no backslash")
    return text


def integer(word, where):
    if not re.fullmatch(r"-?\d+", word):
        raise Wrong(f"{where}: expected a number, found {word}")
    number = int(word)
    if not -2**31 <= number < 2**31:
        raise Wrong(f"{where}: the number {word} does not fit into 32 bits")
    return number


def server_version(word, where):
    version = integer(word, where)
    if not FIRST_VERSION <= version <= LAST_VERSION:
        raise Wrong(f"{where}: server version {version} is outside {FIRST_VERSION}..{LAST_VERSION}")
    return version


def version_range(line, words):
    """The words before 'since V' and 'until V', and these versions, 0 where there is none."""
    words, versions = list(words), {"since": 0, "until": 0}
    while len(words) >= 2 and words[-2] in versions:
        word = words[-2]
        if versions[word]:
            raise Wrong(f"{line.where}: {word} stands there twice")
        versions[word] = server_version(words[-1], line.where)
        words = words[:-2]
    return words, versions["since"], versions["until"]


def expect(line, right, usage):
    """A line that does not have its form is wrong; `usage` shows the form."""
    if not right:
        raise Wrong(f"{line.where}: expected {usage}, found {line.text}")

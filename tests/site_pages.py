"""Pages of a site taken apart for tests: tags, attributes, visible text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}


@dataclass
class Page(HTMLParser):
    """What a browser would make of a page: (tag, attributes) in order, and its text; unclosed tags are an error."""

    tags: list = field(default_factory=list)
    text: str = ""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self._open = [], "", []
        self.feed(html)
        self.close()
        assert not self._open, f"not closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if not self._open or self._open[-1] not in ("script", "style"):
            self.text += data

    def of(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def pages(folder):
    """All pages of a site, by name."""
    return {path.relative_to(folder).as_posix(): Page(path.read_text("utf-8")) for path in folder.rglob("*.html")}

"""Texts that want to be more than text: to a terminal, to Rich, to Markdown and to YAML; and what shows that one got its way.

UNSEEN.search(printed)      # a character that moves the cursor or hides something
"""

import re

UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\U000e0000-\U000e0fff]"
)

TERMINAL = {
    "colour and clearing": "\x1b[31mred\x1b[0m\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "one-byte sequences": "\x9b2J\x9d0;owned\x9c\x85\x90q\x9c",
    "over the line": "good\rbad\x08\x08\x08\x7f\x00\x07",
    "up a line": "\x1b[A",
    "direction": "\u202eevil\u202c \u2066x\u2069 \u200f\u061c",
    "nothing to see": "a\u200bb\ufeffc\u2060d\u00ade\u200df\U000e0041\U000e007f",
    "line ends": "one\x0btwo\x0cthree\u2028four\u2029five\x1csix",
    "halves": "\ud800 \udfff \udc9b",
    "markup": "[red]x[/] [/foo] [bold [link=https://evil.example]a[/link] [@click=app.bell]b[/] \\[x] [",
    "emoji codes": ":smile: :warning-emoji: :x:",
    "a message of ours": "x\nastra: interrupted; run the same command again to go on",
}

MARKDOWN = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)><b>x</b><!-- a --><![CDATA[ b ]]><?php ?>",
    "half a tag": "<a href=",
    "links": "[click](https://evil.example) [ref][1] <https://evil.example> <a@evil.example>\n\n[1]: https://evil.example",
    "bare links": "see https://evil.example or www.evil.example or me@evil.example or mailto:me@evil.example",
    "images": "![pixel](https://evil.example/p.png) ![a][b]",
    "headings": "# One\n## Two\nThree\n=====\nFour\n----",
    "front matter": "---\nlicense: evil\nastra: {tree: x}\n---\n",
    "end of document": "...\n---\n--- !!python/object:os.system x",
    "yaml": "a: &x [*x, !!python/object/apply:os.system [id]] # b\n- c\n? d\n: e\n%TAG ! x\n@`\"'{}[]|>",
    "table": "a | b \\| c \\\\| d |\n| --- | --- |\n| e | f |",
    "ticks": "` `` ``` ```` a`b``c \\` `",
    "fence": "```\n# out\n```\n~~~\n# out\n~~~\n    indented",
    "lists and quotes": "- a\n* b\n+ c\n1. d\n2) e\n> f",
    "emphasis": "*a* _b_ **c** __d__ ~~e~~ ==f== $g$ $$h$$ [^1] :smile:",
    "entities": "&lt;script&gt; &#60;img&#62; &amp;lt; &copy; &",
    "templates": "{{ 7 * 7 }} {% include '/etc/passwd' %} {# x #} ${7*7} <%= 7 %> {{{x}}}",
    "line ends": "a\r\n# b\r# c\u2028# d\u0085# e\x0b\x0c",
    "spaces": "    code\n\ttab\n  \n",
    "length": "word [a](b) " * 500,
    "nothing": "",
}

"""The page that the browser shows at the end of a sign-in, in the person's language."""

from html import escape

from mailsetup.i18n import _, language
from mailsetup.oauth.browser import PageTexts

_PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · mailsetup</title>
<style>
:root {{ color-scheme: light dark; --ground: #f4f5f7; --card: #fff; --text: #1d2129;
  --muted: #5a6270; --line: #e0e3e8; --sign: {sign_light}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ground: #16181d; --card: #22252c;
  --text: #eceef2; --muted: #a4abb8; --line: #343944; --sign: {sign_dark}; }} }}
body {{ margin: 0; min-height: 100vh; display: flex; align-items: center; justify-content: center;
  background: var(--ground); color: var(--text); font: 17px/1.5 system-ui, sans-serif; }}
main {{ max-width: 27rem; margin: 1.5rem; padding: 2.25rem 2.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 14px; }}
.sign {{ width: 44px; height: 44px; margin-bottom: 1rem; border-radius: 50%; color: #fff;
  background: var(--sign); font: 700 24px/44px system-ui, sans-serif; text-align: center; }}
h1 {{ margin: 0 0 .6rem; font-size: 1.45rem; line-height: 1.25; }}
p {{ margin: 0; color: var(--muted); }}
</style>
</head>
<body><main><div class="sign" aria-hidden="true">{mark}</div><h1>{title}</h1><p>{text}</p></main>
</body>
</html>
"""

_GOOD = ("✓", "#177245", "#2e9e68")
_BAD = ("!", "#a35200", "#c9741c")


def page_texts() -> PageTexts:
    """The pages in the current language."""
    return PageTexts(
        done=_page(
            _GOOD,
            _("You can close this page"),
            _("The sign-in is done. Go on in mailsetup."),
        ),
        denied=_page(
            _BAD,
            _("You did not give leave"),
            _("Nothing was changed. Close this page; mailsetup tells you what you can do."),
        ),
        failed=_page(
            _BAD,
            _("The sign-in did not work"),
            _("Close this page; mailsetup tells you why, and what you can do."),
        ),
        unrelated=_page(
            _BAD,
            _("This page does not belong to the sign-in"),
            _("It is from another attempt, or from somebody else. Close it and begin again."),
        ),
    )


def _page(style: tuple[str, str, str], title: str, text: str) -> str:
    mark, light, dark = style
    return _PAGE.format(
        language=escape(language()),
        title=escape(title),
        text=escape(text),
        mark=mark,
        sign_light=light,
        sign_dark=dark,
    )

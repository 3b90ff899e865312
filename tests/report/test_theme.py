from types import SimpleNamespace

from kwslib.report import theme


def script(filename, body=None):
    return SimpleNamespace(filename=filename, attributes={"body": body} if body else {})


def test_each_script_is_kept_once_and_in_order_and_thebe_not_at_all():
    scripts = [
        script("a.js"),
        script(None, "let one = 1"),
        script("_static/sphinx-thebe.js"),
        script(None, 'const THEBE_JS_URL = "https://x.y/z.js"'),
        script(None, "let two = 2"),
        script(None, "let one = 1"),
        script("a.js"),
    ]
    kept = theme.kept(scripts)
    assert [(one.filename, one.attributes.get("body")) for one in kept] == [
        ("a.js", None),
        (None, "let one = 1"),
        (None, "let two = 2"),
    ]


def test_the_script_of_icons_is_emptied(tmp_path):
    assert not theme.empty_icons(tmp_path)
    path = tmp_path / theme.ICONS
    path.parent.mkdir(parents=True)
    path.write_text("x" * 1000)
    assert theme.empty_icons(tmp_path)
    assert path.read_text() == theme.EMPTY

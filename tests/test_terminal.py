from kwslib.terminal import table


def test_texts_stand_left_and_numbers_right():
    assert table([("a", 1), ("bcd", 1000)], head=("name", "value")).splitlines() == [
        "name  value",
        "a         1",
        "bcd    1000",
    ]


def test_rows_are_never_wrapped_and_markup_is_text():
    long = "[bold]" + "x" * 300
    assert table([(long, None, "y")], left=3) == f"{long}    y"

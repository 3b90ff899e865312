import base64

from kwslib.report import pages

CHAPTER = """---
kernelspec:
  name: python3
---

# A chapter

Small has {glue:text}`cycles` cycles, 95 % of `12345` and 170,859 of [large](x12345.md).

```{code-cell} python
:tags: [remove-input]

a = 1
print(a)
```

```{code-cell} python
---
mystnb:
  code_prompt_show: Show
tags: [remove-input]
---
b = 12345
```

```
kws run --steps 2000
```
"""


def test_the_code_of_cells_comes_without_their_options():
    assert pages.code_cells(CHAPTER) == ["a = 1\nprint(a)", "b = 12345"]


def test_typed_numbers_are_those_of_prose_alone():
    assert pages.typed_numbers(CHAPTER) == ["170,859"]


def test_tables_are_read_out_of_a_page_and_its_text_is_what_a_reader_sees():
    data = base64.b64encode(b'[{"a":1}]').decode()
    page = f"""<style>p {{}}</style><p>One&nbsp;two</p>
    <a download="t&amp;.json" href="data:application/json;base64,{data}">JSON</a><script>hidden</script>"""
    assert pages.tables(page) == {"t&.json": '[{"a":1}]'}
    assert pages.visible_text(page) == "One two JSON"

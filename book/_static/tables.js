// Tables can be sorted: a click on a column's head sorts by it, another one turns the order round.
// A row that begins with "Total" stays at the end. What is too wide for its place can be scrolled from the keyboard.
// Without this script the tables are as they were built.
"use strict";

const NUMBER = /^[<≤>~±−-]?\s*\d[\d\u202f\u00a0,]*(\.\d+)?/;

function valueOf(text) {
  const found = NUMBER.exec(text.trim());
  return found ? Number(found[0].replace(/[\s\u202f\u00a0,<≤>~±]/g, "").replace("−", "-")) : NaN;
}

function compare(column, numeric, sign) {
  return (first, second) => {
    const [one, other] = [first, second].map((row) => row.cells[column].textContent.trim());
    if (!numeric) return sign * one.localeCompare(other, "en");
    const [left, right] = [valueOf(one), valueOf(other)];
    if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right); // missing values last
    return sign * (left - right);
  };
}

function sort(table, column, descending) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const last = rows.filter((row) => row.cells[0].textContent.trim().startsWith("Total"));
  const others = rows.filter((row) => !last.includes(row));
  const numeric = table.tHead.rows[0].cells[column].classList.contains("number");
  body.append(...others.sort(compare(column, numeric, descending ? -1 : 1)), ...last);
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const descending = head.getAttribute("aria-sort") === "ascending";
      [...table.tHead.rows[0].cells].forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", descending ? "descending" : "ascending");
      sort(table, column, descending);
    });
  });
}

function letScroll() {
  document.querySelectorAll(".kws-scroll, .kws-picture").forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  });
}

window.addEventListener("load", letScroll);
window.addEventListener("resize", letScroll);
document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll(".kws-table table").forEach((table) => {
    if (table.tBodies[0] && table.tBodies[0].rows.length > 2) makeSortable(table);
  });
});

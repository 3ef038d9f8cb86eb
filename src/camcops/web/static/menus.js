// SPDX-License-Identifier: GPL-3.0-or-later
// Open menus close on Escape and on a click elsewhere; without this file they close by their own heading.

const opened = () => document.querySelectorAll("details.menu[open], details.chip[open]");

document.addEventListener("click", (event) => {
  for (const menu of opened()) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of opened()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

document.getElementById("errors")?.focus();

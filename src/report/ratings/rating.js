"use strict";
const sheet = JSON.parse(document.getElementById("sheet").textContent);
const place = "sanas-ratings-" + sheet.sheet;
const find = id => document.getElementById(id);
const choices = [...document.querySelectorAll("input[name=rating]")];
let state = { rater: "", ratings: {}, at: 0 };
try { state = Object.assign(state, JSON.parse(localStorage.getItem(place)) || {}); } catch (e) { /* not saved */ }

function save() {
  try { localStorage.setItem(place, JSON.stringify(state)); } catch (e) { /* only until the page closes */ }
}
function done() { return Object.keys(state.ratings).length; }
function show() {
  const item = sheet.items[state.at];
  find("image").src = sheet.images[item.image];
  find("heat").src = item.heat;
  for (const choice of choices) choice.checked = Number(choice.value) === state.ratings[state.at];
  find("position").textContent =
    `Map ${state.at + 1} of ${sheet.items.length}, ${done()} rated`;
  find("progress").max = sheet.items.length;
  find("progress").value = done();
  find("back").disabled = state.at === 0;
  find("next").disabled = state.at === sheet.items.length - 1;
  find("message").textContent = done() === sheet.items.length
    ? "All maps are rated. Thank you! Please download your ratings." : "";
}
function go(step) {
  state.at = Math.min(Math.max(state.at + step, 0), sheet.items.length - 1);
  save();
  show();
}
function rate(value) {
  state.ratings[state.at] = value;
  go(1);
}
function download() {
  if (!state.rater.trim()) {
    find("message").textContent = "Please fill in your name first.";
    find("rater").focus();
    return;
  }
  const result = { format: "sanas-ratings-1", sheet: sheet.sheet, key: sheet.key,
                   rater: state.rater.trim(), ratings: state.ratings };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(result, null, 1)], { type: "application/json" }));
  link.download = "ratings-" + state.rater.trim().replace(/[^\p{L}\p{N}]+/gu, "-") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
find("rater").value = state.rater;
find("rater").addEventListener("input", event => { state.rater = event.target.value; save(); });
// A choice by pointer goes on to the next map; arrow keys inside the group pass over choices.
let pointing = false;
addEventListener("pointerdown", () => { pointing = true; }, true);
addEventListener("keydown", () => { pointing = false; }, true);
for (const choice of choices) {
  choice.addEventListener("change", () => {
    if (pointing) { rate(Number(choice.value)); }
    else { state.ratings[state.at] = Number(choice.value); save(); show(); }
  });
}
find("back").addEventListener("click", () => go(-1));
find("next").addEventListener("click", () => go(1));
find("download").addEventListener("click", download);
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target === find("rater")) return;
  if (/^[1-5]$/.test(event.key)) { rate(Number(event.key)); event.preventDefault(); }
  else if (event.key === "ArrowLeft" && !choices.includes(event.target)) go(-1);
  else if (event.key === "ArrowRight" && !choices.includes(event.target)) go(1);
});
if (state.at > 0 || done() > 0) find("help").open = false;
show();

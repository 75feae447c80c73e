// SPDX-License-Identifier: Apache-2.0
#include "rating_page.h"

namespace sanas {
namespace {

// The data stand in an element of their own, so the rest of the page is fixed text.
constexpr const char* kHead = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rating of heat maps</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --ground: #fff; --text: #1b1b1b; --quiet: #555; --line: #bbb; --mark: #0b57d0; --on-mark: #fff; }
@media (prefers-color-scheme: dark) { :root { --ground: #181818; --text: #eee; --quiet: #bbb; --line: #555; --mark: #8ab4f8; --on-mark: #111; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; background: var(--ground); color: var(--text); }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; }
figure { margin: 0; flex: 1 1 10rem; min-width: 0; }
figcaption { color: var(--quiet); font-size: .9rem; }
.pair { display: flex; flex-wrap: nowrap; gap: .75rem; }
.pair img, .pair svg { display: block; width: 100%; max-height: 26rem; object-fit: contain; image-rendering: pixelated; border: 1px solid var(--line); }
.examples { display: flex; flex-wrap: wrap; gap: 1.5rem; }
.examples > div { flex: 1 1 16rem; min-width: 0; }
fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: 1rem 0; padding: .5rem 1rem; }
fieldset label { display: block; padding: .25rem 0; cursor: pointer; }
button { font: inherit; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .4rem; background: none; color: inherit; cursor: pointer; }
button.main { background: var(--mark); color: var(--on-mark); border-color: var(--mark); }
button:disabled { opacity: .5; cursor: default; }
:focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
input[type=text] { font: inherit; padding: .4rem; width: 100%; max-width: 20rem; background: none; color: inherit; border: 1px solid var(--line); border-radius: .4rem; }
progress { width: 100%; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; }
kbd { border: 1px solid var(--line); border-radius: .2rem; padding: 0 .3rem; }
</style>
</head>
<body>
<main>
<h1>Do these heat maps make sense?</h1>
<details id="help" open>
<summary>What to do</summary>
<p>You will see an image and, beside it, a heat map of that image. The heat map says which places are
important for recognising what the image shows: <strong>warm colours</strong> (red, yellow) for
important places, such as the object; <strong>cold colours</strong> (blue) for unimportant ones, such as
the background. Please judge how much of this is true: are the warm places really the important ones,
and the cold places really unimportant? There is no right answer; your first impression counts.
Under <strong>grey stripes</strong> nothing was looked at; please pass over them.</p>
<div class="examples">
<div>
<div class="pair">
<figure><svg viewBox="0 0 60 60" role="img" aria-label="A yellow ball on a meadow"><rect width="60" height="60" fill="#9fd3f5"/><rect y="38" width="60" height="22" fill="#6aa84f"/><circle cx="38" cy="34" r="11" fill="#ffd966" stroke="#a67c00"/></svg><figcaption>image</figcaption></figure>
<figure><svg viewBox="0 0 60 60" role="img" aria-label="Its heat map: warm in the sky, cold on the ball"><defs><radialGradient id="miss"><stop offset="0" stop-color="#d00000"/><stop offset=".45" stop-color="#ffe000"/><stop offset=".75" stop-color="#20d0d0"/><stop offset="1" stop-color="#00008f"/></radialGradient></defs><rect width="60" height="60" fill="#00008f"/><circle cx="14" cy="12" r="14" fill="url(#miss)"/></svg><figcaption>heat map</figcaption></figure>
</div>
<p>Rating <strong>1</strong>: the map points to the empty sky and leaves out the ball.</p>
</div>
<div>
<div class="pair">
<figure><svg viewBox="0 0 60 60" role="img" aria-label="A yellow ball on a meadow"><rect width="60" height="60" fill="#9fd3f5"/><rect y="38" width="60" height="22" fill="#6aa84f"/><circle cx="38" cy="34" r="11" fill="#ffd966" stroke="#a67c00"/></svg><figcaption>image</figcaption></figure>
<figure><svg viewBox="0 0 60 60" role="img" aria-label="Its heat map: warm on the ball, cold elsewhere"><defs><radialGradient id="hit"><stop offset="0" stop-color="#d00000"/><stop offset=".6" stop-color="#ffe000"/><stop offset=".8" stop-color="#20d0d0"/><stop offset="1" stop-color="#00008f"/></radialGradient></defs><rect width="60" height="60" fill="#00008f"/><circle cx="38" cy="34" r="14" fill="url(#hit)"/></svg><figcaption>heat map</figcaption></figure>
</div>
<p>Rating <strong>5</strong>: what is warm is the ball, and nothing else is.</p>
</div>
</div>
<p>Keys: <kbd>1</kbd> to <kbd>5</kbd> rate and go on, <kbd>←</kbd> and <kbd>→</kbd> go back and forth. Your
ratings stay in this browser until you download them; you can stop and come back.</p>
</details>
<p><label for="rater">Your name</label><br><input type="text" id="rater" autocomplete="name"></p>
<p><label for="progress" id="position" aria-live="polite"></label><br><progress id="progress" value="0"></progress></p>
<div class="pair">
<figure><img id="image" alt="the image"><figcaption>image</figcaption></figure>
<figure><img id="heat" alt="its heat map"><figcaption>heat map</figcaption></figure>
</div>
<fieldset>
<legend>How much of the heat map makes sense?</legend>
<label><input type="radio" name="rating" value="5"> 5: about 80 % of it or more</label>
<label><input type="radio" name="rating" value="4"> 4: about 60 %</label>
<label><input type="radio" name="rating" value="3"> 3: about 40 %</label>
<label><input type="radio" name="rating" value="2"> 2: about 20 %</label>
<label><input type="radio" name="rating" value="1"> 1: nothing</label>
</fieldset>
<div class="row">
<button id="back" type="button">Back</button>
<button id="next" type="button">Next</button>
<button id="download" type="button" class="main">Download my ratings</button>
</div>
<p id="message" role="status"></p>
</main>
<script type="application/json" id="sheet">)html";

constexpr const char* kTail = R"html(</script>
<script>
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
</script>
</body>
</html>
)html";

}  // namespace

std::string rating_page(const std::string& data) { return kHead + data + kTail; }

}  // namespace sanas

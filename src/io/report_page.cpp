// SPDX-License-Identifier: Apache-2.0
#include "report_page.h"

#include "html.h"

namespace sanas {
namespace {

// Colours of lines have a contrast of at least 3 to 1 with the background in both schemes, those of
// text of at least 4.5 to 1; lines differ in their dashes, too.
constexpr const char* kStyle = R"css(
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --card: #ffffff; --text: #1b232c; --faint: #56616d; --rule: #d5dbe1;
  --accent: #0b5cad; --good: #14693a; --bad: #b3261e; --warn: #fff4d6; --warn-text: #5c4200;
  --grid: #e6eaee;
  --c0: #1f6feb; --c1: #c2410c; --c2: #15803d; --c3: #9333ea; --c4: #be185d;
  --c5: #0e7490; --c6: #854d0e; --c7: #4b5563; --c8: #4338ca; --c9: #b91c1c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1217; --card: #171d24; --text: #e6ebf0; --faint: #a3afbb; --rule: #323c47;
    --accent: #7db8ff; --good: #6fd694; --bad: #ff9a90; --warn: #3a2f10; --warn-text: #ffdf8f;
    --grid: #262f38;
    --c0: #6ea8fe; --c1: #fb923c; --c2: #4ade80; --c3: #c084fc; --c4: #f472b6;
    --c5: #22d3ee; --c6: #eab308; --c7: #a8b3bf; --c8: #a5b4fc; --c9: #fb7185;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
main, header, footer { max-width: 82rem; margin: 0 auto; padding: 0 clamp(.75rem, 2.5vw, 2rem); }
header { padding-top: 1.5rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.25rem 0 .75rem; overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 0 0 .75rem; }
h4 { font-size: .95rem; margin: 0; }
a { color: var(--accent); overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; }
.sub, .note, small, caption { color: var(--faint); }
.sub { margin: 0; overflow-wrap: anywhere; }
.note { font-size: .82rem; margin: .35rem 0; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; padding: 0; margin: .9rem 0 0; }
section.card {
  background: var(--card); border: 1px solid var(--rule); border-radius: .6rem;
  padding: 1rem clamp(.75rem, 2vw, 1.25rem); margin: 0 0 1rem; min-width: 0;
}
.problems { background: var(--warn); color: var(--warn-text); border-radius: .6rem; padding: .6rem 1rem; margin: 0 0 1rem; }
.problems ul { margin: .2rem 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .6rem; margin: 0 0 1rem; }
.facts div { background: var(--card); border: 1px solid var(--rule); border-radius: .6rem; padding: .55rem .8rem; }
.facts dt { color: var(--faint); font-size: .8rem; }
.facts dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.list { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: .3rem 1rem; margin: 0 0 .75rem; }
.list div { display: flex; flex-wrap: wrap; gap: 0 .5rem; }
.list dt { color: var(--faint); }
.list dd { margin: 0; overflow-wrap: anywhere; }
.grid-charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); gap: 1.25rem 1.5rem; }
.grid-small { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 10rem), 1fr)); gap: .5rem .9rem; margin: .5rem 0 1rem; }
figure { margin: 0; min-width: 0; position: relative; }
.chart.small figcaption { font-size: .8rem; color: var(--faint); }
.chart.small figcaption b { color: var(--text); }
.legend { display: flex; flex-wrap: wrap; gap: 0 .9rem; list-style: none; padding: 0; margin: .15rem 0 .3rem; font-size: .82rem; }
.legend li { display: flex; align-items: center; gap: .35rem; overflow-wrap: anywhere; min-width: 0; }
.key { width: 24px; height: 8px; flex: none; }
.plot { display: block; width: 100%; height: auto; max-width: 34rem; touch-action: pan-y; border-radius: .2rem; }
.small .plot { max-width: 16rem; }
.plot text { font-size: 11px; fill: var(--faint); }
.small .plot text { font-size: 10px; }
.grid { stroke: var(--grid); stroke-width: 1; fill: none; }
.axis { stroke: var(--faint); stroke-width: 1; fill: none; }
.line { fill: none; stroke: var(--c); stroke-width: 1.7; stroke-linejoin: round; }
.small .line { stroke-width: 1.4; }
.band { fill: var(--c); opacity: .14; stroke: none; }
.dot { fill: var(--c); }
.cross { stroke: var(--text); stroke-width: 1; opacity: .55; }
.s0 { --c: var(--c0); } .s1 { --c: var(--c1); } .s2 { --c: var(--c2); } .s3 { --c: var(--c3); }
.s4 { --c: var(--c4); stroke-dasharray: 6 2.5; } .s5 { --c: var(--c5); stroke-dasharray: 6 2.5; }
.s6 { --c: var(--c6); stroke-dasharray: 6 2.5; } .s7 { --c: var(--c7); stroke-dasharray: 2.5 2; }
.s8 { --c: var(--c8); stroke-dasharray: 2.5 2; } .s9 { --c: var(--c9); stroke-dasharray: 2.5 2; }
.readout { display: block; min-height: 1.25rem; font-size: .8rem; color: var(--faint); font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.small .readout:empty { min-height: 0; }
.small .readout { font-size: .75rem; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: .85rem; margin: .25rem 0 .75rem; }
caption { text-align: left; padding: .2rem 0; }
th, td { text-align: left; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { font-weight: 600; color: var(--faint); }
tbody th { font-weight: 500; }
.numbers td, .weights td { font-variant-numeric: tabular-nums; white-space: nowrap; }
.weights td, .weights th { padding: 1px 4px; white-space: nowrap; }
.weight { display: block; padding: 0 .3rem; border-radius: .2rem; background: color-mix(in srgb, var(--accent) calc(var(--w) * .4), transparent); }
.keys td code { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-size: .8rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; }
.mark { border: 1px solid currentColor; border-radius: .7rem; padding: 0 .45rem; font-size: .75rem; color: var(--faint); white-space: nowrap; }
.mark.strong { color: var(--accent); font-weight: 600; }
.mark.good { color: var(--good); } .mark.bad { color: var(--bad); }
details { margin: .4rem 0; }
summary { cursor: pointer; color: var(--accent); font-size: .9rem; }
.paper { background: #ffffff; border-radius: .4rem; padding: .4rem; }
.cell { margin-bottom: 1rem; }
.cell img { display: block; height: auto; min-width: 34rem; max-width: 100%; margin: 0 auto; }
.cell .paper { border: 1px solid var(--rule); }
.grid-cells { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 0 1.25rem; }
.picture { margin: 0 0 1rem; }
.picture .paper, .cell .paper { width: fit-content; margin: 0 auto; }
.picture img { display: block; max-width: 100%; height: auto; margin: 0 auto; }
.picture figcaption { color: var(--faint); font-size: .85rem; }
.confusion svg { display: block; width: 100%; max-width: 36rem; height: auto; margin: .4rem 0; }
.confusion text { font-size: 11px; fill: var(--faint); }
.confusion path { fill: var(--accent); }
.files { columns: 18rem; list-style: none; padding: 0; margin: 0; font-size: .88rem; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--faint); font-size: .85rem; }
@media print {
  :root { --page: #fff; --card: #fff; --text: #000; --faint: #444; --rule: #bbb; --grid: #ddd; color-scheme: light;
    --accent: #0b5cad; --good: #14693a; --bad: #b3261e; --warn: #fff; --warn-text: #000;
    --c0: #1f6feb; --c1: #c2410c; --c2: #15803d; --c3: #9333ea; --c4: #be185d;
    --c5: #0e7490; --c6: #854d0e; --c7: #4b5563; --c8: #4338ca; --c9: #b91c1c; }
  body { font-size: 10pt; }
  nav, .skip, .readout { display: none; }
  figure, tr, .facts div { break-inside: avoid; }
  h2, h3, h4 { break-after: avoid; }
  section.card { border: 0; padding: 0; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  .weights { font-size: 6.5pt; }
  .weights td, .weights th { padding: 1px; }
  .numbers td { white-space: normal; }
  .cell img { min-width: 0; max-width: 100%; }
  .grid-charts { grid-template-columns: 1fr 1fr; }
  .grid-charts table { font-size: 7pt; }
  .grid-charts td, .grid-charts th { padding: 1px 3px; white-space: normal; }
}
)css";

// Names the points of a chart below the pointer, or those that the arrow keys lead to.
constexpr const char* kScript = R"js(
"use strict";
for (const figure of document.querySelectorAll("figure.chart")) {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const plot = figure.querySelector("svg.plot");
  const readout = figure.querySelector("output");
  const [left, top, width, height] = data.box;
  const [low, high] = data.range;
  const positions = [...new Set(data.series.flatMap((line) => line.x))].sort((a, b) => a - b);
  let at = -1;
  let cross = null;
  const clear = () => {
    at = -1;
    if (cross) cross.remove();
    cross = null;
    readout.textContent = "";
  };
  const show = (index) => {
    at = Math.max(0, Math.min(positions.length - 1, index));
    const x = positions[at];
    if (!cross) {
      cross = document.createElementNS("http://www.w3.org/2000/svg", "line");
      cross.setAttribute("class", "cross");
      cross.setAttribute("y1", top);
      cross.setAttribute("y2", top + height);
      plot.append(cross);
    }
    const place = left + ((x - low) / (high - low)) * width;
    cross.setAttribute("x1", place);
    cross.setAttribute("x2", place);
    const values = [];
    for (const line of data.series) {
      if (line.x.length === 0) continue;
      let best = 0;
      for (let i = 1; i < line.x.length; ++i) {
        if (Math.abs(line.x[i] - x) < Math.abs(line.x[best] - x)) best = i;
      }
      values.push(`${line.name} ${line.y[best]}`);
    }
    readout.textContent = `${data.label} ${x} · ${values.join(" · ")}`;
  };
  const nearest = (event) => {
    const box = plot.getBoundingClientRect();
    const inside = ((event.clientX - box.left) / box.width) * plot.viewBox.baseVal.width;
    const x = low + ((inside - left) / width) * (high - low);
    let best = 0;
    for (let i = 1; i < positions.length; ++i) {
      if (Math.abs(positions[i] - x) < Math.abs(positions[best] - x)) best = i;
    }
    return best;
  };
  plot.addEventListener("pointermove", (event) => show(nearest(event)));
  plot.addEventListener("pointerdown", (event) => show(nearest(event)));
  plot.addEventListener("pointerleave", clear);
  plot.addEventListener("blur", clear);
  plot.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: positions.length - 1 };
    if (event.key === "Escape") clear();
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(moves[event.key]);
  });
}
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
});
)js";

// Nothing may be loaded from anywhere, whatever a run folder holds.
constexpr const char* kPolicy =
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

}  // namespace

std::string html_page(const std::string& title, const std::string& body) {
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         std::string(kPolicy) + "\">\n<link rel=\"icon\" href=\"data:,\">\n<title>" +
         escape_html(title) + "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n" + body +
         "<script>" + kScript + "</script>\n</body>\n</html>\n";
}

}  // namespace sanas

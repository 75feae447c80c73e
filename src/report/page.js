"use strict";
for (const figure of document.querySelectorAll("figure.chart:not(.scores)")) {
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

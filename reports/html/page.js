"use strict";
// Draws every chart of the page, copies what has a copy button. What is drawn comes from the page itself.
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // Okabe and Ito's colours, which the colour-blind tell apart; lighter ones on dark. Shapes say the same again.
  const colours = () => dark.matches
    ? ["#56b4e9", "#e69f00", "#2bbd92", "#e59ac6", "#f0e442", "#ff7f3f", "#b8a4ff", "#cfcfcf"]
    : ["#0072b2", "#c65300", "#00805d", "#b0568a", "#8a6d00", "#3b8fc2", "#6a51a3", "#5a5a5a"];

  const config = () => {
    const style = getComputedStyle(document.documentElement);
    const colour = name => style.getPropertyValue(name).trim();
    const ink = colour("--ink"), soft = colour("--soft"), line = colour("--line");
    return {
      background: "transparent",
      font: "system-ui, sans-serif",
      view: {stroke: line},
      axis: {labelColor: ink, titleColor: soft, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", labelLimit: narrow() ? 130 : 420},
      axisX: {labelOverlap: "greedy", labelSeparation: 4},
      legend: {labelColor: ink, titleColor: soft, orient: "top", labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal", columns: narrow() ? 2 : 0, labelLimit: 220},
      text: {color: ink, fill: ink, fontSize: 12},
      rule: {color: soft},
      tick: {color: ink},
      bar: {color: colours()[0]},
      range: {category: colours(), ordinal: {scheme: dark.matches ? "lighttealblue" : "blues"}},
    };
  };
  const narrow = () => window.innerWidth < 640;

  // One after the other, so that the first are there early.
  const drawAll = async () => {
    if (typeof vegaEmbed === "undefined") return;
    for (const box of document.querySelectorAll(".chart")) {
      const spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
      spec.autosize = {type: "fit-x", contains: "padding"};
      let into = box.querySelector(".canvas");
      if (!into) {
        into = document.createElement("div");
        into.className = "canvas";
        box.append(into);
      }
      try {
        await vegaEmbed(into, spec, {renderer: "svg", actions: false, logLevel: vega.Error, config: config(), tooltip: {theme: dark.matches ? "dark" : "light"}});
        const svg = into.querySelector("svg");
        svg.setAttribute("role", "img");
        svg.setAttribute("aria-label", box.dataset.name);
        box.classList.add("drawn");
      } catch (error) {
        console.error(`${box.dataset.spec}: ${error}`);
      }
    }
    document.documentElement.dataset.drawn = document.querySelectorAll(".chart.drawn").length;
  };

  const copy = async button => {
    const text = button.previousElementSibling.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // no clipboard for pages from disk: the old way
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  };

  for (const button of document.querySelectorAll("button.copy")) button.addEventListener("click", () => copy(button));
  if (window.innerWidth < 1088) document.querySelector("nav details").removeAttribute("open");
  dark.addEventListener("change", drawAll);
  drawAll();
})();

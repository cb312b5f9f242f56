// Opens pages from disk in headless Chromium and prints as JSON what a person would run into.
// The first page at every width and in every colour scheme, the others at desktop width; with pictures, all of them.
// usage: node browser.cjs NODE_MODULES CHROMIUM [--screenshots FOLDER] PAGE...
const path = require("path");
const [modules, executablePath, ...rest] = process.argv.slice(2);
const shots = rest[0] === "--screenshots" ? rest.splice(0, 2)[1] : null;
const {chromium} = require(path.join(path.resolve(modules), "playwright-core"));

const VIEWS = [
  {name: "desktop-light", viewport: {width: 1280, height: 900}, colorScheme: "light"},
  {name: "phone-dark", viewport: {width: 390, height: 844}, colorScheme: "dark", isMobile: true, hasTouch: true},
];
if (shots) {
  VIEWS.push({name: "desktop-dark", viewport: {width: 1280, height: 900}, colorScheme: "dark"});
  VIEWS.push({name: "phone-light", viewport: {width: 390, height: 844}, colorScheme: "light", isMobile: true});
}

// Tabs through the page: how many of what can be reached are, and whether a copy button answers to the keyboard.
async function keyboard(page) {
  const wanted = await page.evaluate(() => {
    const seen = [...document.querySelectorAll("a[href], button, summary, [tabindex='0']")].filter(e => e.checkVisibility());
    seen.forEach((e, i) => { e.dataset.reach = i; });
    return seen.length;
  });
  const reached = new Set();
  let copied = null;
  for (let i = 0; i < wanted + 3; ++i) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(() => ({reach: document.activeElement.dataset.reach, copy: document.activeElement.matches("button.copy")}));
    if (at.reach !== undefined) reached.add(at.reach);
    if (at.copy && copied === null) {
      await page.evaluate(() => {  // the button says so for a moment only
        const button = document.activeElement;
        new MutationObserver(() => { window.told ??= button.textContent; }).observe(button, {childList: true, characterData: true, subtree: true});
      });
      await page.keyboard.press("Enter");
      copied = await page.waitForFunction(() => window.told, null, {timeout: 30000}).then(told => told.jsonValue(), () => "nothing said");
    }
  }
  return {wanted, reached: reached.size, copied};
}

async function visit(browser, file, view) {
  const context = await browser.newContext(view);
  const page = await context.newPage();
  const errors = [], requests = [];
  page.on("console", m => { if (["error", "warning"].includes(m.type())) errors.push(m.text()); });
  page.on("pageerror", e => errors.push(String(e)));
  page.on("dialog", d => { errors.push(`dialog: ${d.message()}`); d.dismiss(); });
  page.on("request", r => { if (!r.url().startsWith("file:") && !r.url().startsWith("data:")) requests.push(r.url()); });
  const began = Date.now();
  await page.goto("file://" + path.resolve(file));
  const library = await page.evaluate(() => typeof vegaEmbed !== "undefined");
  if (library) await page.waitForFunction(() => document.documentElement.dataset.drawn !== undefined, null, {timeout: 60000});
  const found = {
    page: file, view: view.name, library, errors, requests, ms: Date.now() - began,
    ...await page.evaluate(() => ({
      charts: document.querySelectorAll(".chart").length,
      drawn: document.querySelectorAll(".chart.drawn svg[aria-label]").length,
      empty: [...document.querySelectorAll(".chart.drawn")].filter(c => !c.querySelector("svg path, svg rect, svg line, svg text")).length,
      tables: document.querySelectorAll("table tbody tr").length,
      notes: [...document.querySelectorAll(".undrawn")].filter(e => e.checkVisibility()).length,
      overflow: document.documentElement.scrollWidth - window.innerWidth,
      strangers: document.querySelectorAll("img, iframe, object, embed, link:not([rel=icon]), script[src]").length,
      injected: window.injected !== undefined,
    })),
  };
  if (shots) {
    await page.screenshot({path: path.join(shots, `${path.basename(file, ".html")}-${view.name}.png`)});
    await page.screenshot({path: path.join(shots, `${path.basename(file, ".html")}-${view.name}-full.png`), fullPage: true});
  }
  if (view.name === "desktop-light") found.keyboard = await keyboard(page);
  await context.close();
  return found;
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  const all = [];
  for (const [i, file] of rest.entries()) for (const view of shots || i === 0 ? VIEWS : VIEWS.slice(0, 1)) all.push(await visit(browser, file, view));
  await browser.close();
  console.log(JSON.stringify(all, null, 1));
})().catch(e => { console.error(String(e)); process.exit(1); });

// Opens pages of `access --format html` in a browser, uses them as their readers do, and has their accessibility judged.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const place = join(root, "target", "page");
const require = createRequire(join(place, "package.json"));
const load = async name => (await import(pathToFileURL(require.resolve(name)))).default;
const chromium = await load("@sparticuz/chromium");
const puppeteer = await load("puppeteer-core");

/** A template with two hundred layers, whose grants are of some kinds, as in a company, and of each layer's own. */
function large() {
  const resources = {};
  for (let layer = 0; layer < 200; layer += 1) {
    for (const version of [1, 2]) {
      const id = `Layer${layer}V${version}`;
      const content = { S3Bucket: "archives-1", S3Key: `${layer}-${version}.zip` };
      resources[id] = { Type: "AWS::Lambda::LayerVersion", Properties: { LayerName: `layer-${layer}`, Content: content } };
      const grant = (name, principal) => {
        const properties = { Action: "lambda:GetLayerVersion", LayerVersionArn: { Ref: id }, ...principal };
        resources[`${id}To${name}`] = { Type: "AWS::Lambda::LayerVersionPermission", Properties: properties };
      };
      const kind = layer % 12;
      if (kind < 5) grant("Acme", { Principal: "*", OrganizationId: "o-a1b2c3d4e5" });
      for (let account = 0; kind >= 5 && account < 6; account += 1) {
        const number = kind * 6 + account;
        grant(`Team${number}`, { Principal: `${500000000000 + number}` });
      }
      if (layer % 9 === 0) grant("Own", { Principal: `${600000000000 + layer}` });
      if (layer === 7) grant("Everyone", { Principal: "*" });
      if (layer === 8) grant("Somebody", { Principal: { "Fn::ImportValue": "somebody" } });
    }
  }
  return { Resources: resources };
}

const pages = join(place, "pages");
const pictures = join(place, "pictures");
for (const folder of [pages, pictures]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
writeFileSync(join(pages, "large.json"), JSON.stringify(large()));
writeFileSync(join(pages, "dated.layers"), `regions us-east-1, eu-west-1, eu-central-1, ap-southeast-2
account team = 111111111110

layer deps {
  version 1.0.0 from s3://acme-\${AWS::Region}/deps.zip
  share with team until 2027-01-15 because "pilot of the data team"
}
`);

/** The pages: their names and what they are made from. */
const inputs = {
  shares: join(root, "examples", "three-shares.layers"),
  everything: join(root, "tests", "cases", "access", "everything.layers"),
  foreign: join(root, "tests", "cases", "access", "foreign.yaml"),
  nothing: join(root, "templates", "no-layers.yaml"),
  large: join(pages, "large.json"),
  dated: join(pages, "dated.layers"),
};

const program = (...words) => execFileSync(process.env.LAYERSHARE, words, { maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"] });
const browser = await puppeteer.launch({ executablePath: await chromium.executablePath(), args: chromium.args, headless: "shell" });
let faults = 0;

/** Runs a check, and goes on after one that fails. */
async function check(name, what) {
  try {
    await what();
  } catch (error) {
    faults += 1;
    console.error(`page: ${name}: ${error.message}`);
  }
}

/** A page of the browser that may ask for nothing but its own file, and may not complain. */
async function open(file, width, settings = {}) {
  const page = await browser.newPage();
  const said = [];
  page.on("console", message => said.push(message.text()));
  page.on("pageerror", error => said.push(error.message));
  await page.setRequestInterception(true);
  page.on("request", request => {
    const address = request.url();
    if (address === pathToFileURL(file).href || address.startsWith("data:")) return request.continue();
    said.push(`asks for ${address}`);
    return request.abort();
  });
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: settings.scheme ?? "light" }]);
  await page.setJavaScriptEnabled(settings.script ?? true);
  await page.goto(pathToFileURL(file).href);
  return { page, said };
}

/** The heads of columns that have a word on more than one line. */
function brokenHeads() {
  const isBroken = head => [...head.textContent.matchAll(/\S+/g)].some(word => {
    const range = document.createRange();
    range.setStart(head.firstChild, word.index);
    range.setEnd(head.firstChild, word.index + word[0].length);
    return new Set([...range.getClientRects()].map(line => line.top)).size > 1;
  });
  return [...document.querySelectorAll("thead th")].filter(isBroken).map(head => head.textContent);
}

async function looks(name, file, width, scheme) {
  const { page, said } = await open(file, width, { scheme });
  await page.screenshot({ path: join(pictures, `${name}-${width}-${scheme}.png`), fullPage: name !== "large", captureBeyondViewport: true });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wide, 0, `is ${wide} px wider than the window`);
  assert.deepEqual(said, []);
  assert.deepEqual(await page.evaluate(brokenHeads), [], "breaks the heads of columns inside words");
  // What judges the page is not a part of it, and the page lets no other script in.
  await page.setBypassCSP(true);
  await page.reload();
  await page.addScriptTag({ path: require.resolve("axe-core") });
  const { violations } = await page.evaluate(() => axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  assert.deepEqual(violations.map(one => `${one.id}: ${one.nodes[0].html.slice(0, 120)}: ${one.nodes[0].failureSummary}`), []);
  await page.close();
}

async function filters() {
  const file = join(pages, "large.html");
  const { page, said } = await open(file, 1280);
  const rows = () => page.evaluate(() => [...document.querySelectorAll("#layers ~ table td:first-child")].filter(cell => cell.getClientRects().length > 0).length);
  const all = await rows();
  assert.ok(all > 1000, `only ${all} rows are there`);
  // By keyboard alone: from the start of the page to the box.
  for (let steps = 0; steps < 30; steps += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.id === "filter")) break;
  }
  await page.keyboard.type("600000000009 layer-9 ");
  assert.equal(await rows(), 2);
  assert.equal(await page.$eval(".filter output", output => output.textContent), `2 of ${all} rows`);
  await page.screenshot({ path: join(pictures, "filtered.png") });
  await page.emulateMediaType("print");
  assert.equal(await rows(), all, "on paper, rows are left out");
  await page.emulateMediaType("screen");
  await page.$eval("#filter", input => input.select());
  await page.keyboard.press("Backspace");
  assert.equal(await rows(), all);
  assert.deepEqual(said, []);
  await page.close();
}

async function isWholeWithoutScript(name, file) {
  const text = async script => {
    const { page, said } = await open(file, 1280, { script });
    const whole = await page.$eval("main", main => main.innerText);
    assert.deepEqual(said, []);
    const box = await page.$eval(".filter", element => element.getClientRects().length);
    assert.equal(box > 0, script, "the box is there without the script, or not there with it");
    if (!script) await page.pdf({ path: join(pictures, `${name}.pdf`), format: "A4" });
    await page.close();
    return whole;
  };
  const withScript = await text(true);
  const without = await text(false);
  for (const line of without.split("\n")) assert.ok(withScript.includes(line), `without a script, there is: ${line}`);
}

for (const [name, input] of Object.entries(inputs)) {
  const file = join(pages, `${name}.html`);
  writeFileSync(file, program("access", input, "--format", "html", "--revision", "0123abc"));
  for (const width of [400, 1280]) {
    for (const scheme of ["light", "dark"]) {
      await check(`${name}, ${width} px, ${scheme}`, () => looks(name, file, width, scheme));
    }
  }
  await check(`${name} without a script`, () => isWholeWithoutScript(name, file));
  const picture = join(pages, `${name}.svg`);
  writeFileSync(picture, program("access", input, "--format", "svg"));
  await check(`the picture of ${name}`, async () => {
    const { page, said } = await open(picture, 900);
    await page.screenshot({ path: join(pictures, `${name}-svg.png`), fullPage: true });
    assert.deepEqual(said, []);
    const size = await page.evaluate(() => [document.documentElement.viewBox.baseVal.width, document.documentElement.viewBox.baseVal.height]);
    assert.ok(size[1] < 1600, `it is ${size[1]} px high`);
    await page.close();
  });
}
await check("the filter", filters);
await browser.close();
if (faults > 0) {
  console.error(`page: ${faults} faults; pictures are in ${pictures}`);
  process.exit(1);
}
console.log(`page: ${Object.keys(inputs).length} pages are readable, at two widths, in light and dark, on paper and without a script`);

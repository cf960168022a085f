// Opens a report in headless Chromium at three widths, light and dark, and prints what is wrong with it.
// Usage: node browser.mjs <folder with node_modules> <chromium> <report.html>
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [, , modules, executablePath, file] = process.argv;
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const problems = [];
const address = pathToFileURL(file).href;

const watch = (page, where) => {
  page.on('request', (request) => {
    if (request.url() !== address) problems.push(`${where}: asks for ${request.url()}`);
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${where}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`${where}: script: ${error}`));
  page.on('dialog', (dialog) => { problems.push(`${where}: dialog: ${dialog.message()}`); dialog.dismiss(); });
};

const openEverything = () => {
  for (const element of document.querySelectorAll('.capability, .group')) element.open = true;
  for (const kind of ['.indicator', '.fact']) {
    document.querySelectorAll(kind).forEach((element, at) => { element.open = at % 9 === 0; });
  }
};

const judge = async (page, where) => {
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
  for (const { id, nodes } of violations) problems.push(`${where}: axe: ${id} ×${nodes.length}: ${nodes[0].html.slice(0, 200)}`);
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (wider > 0) problems.push(`${where}: ${wider} pixels wider than the window`);
};

const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 900, 1440]) {
    const where = `${width} px, ${colorScheme}`;
    // The policy of the page would refuse the judge's own script.
    const page = await (await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true })).newPage();
    watch(page, where);
    await page.goto(address);
    await page.evaluate(axe);
    await judge(page, where);
    await page.evaluate(openEverything);
    await judge(page, `${where}, opened`);
    await page.close();
  }
}

// As a reader has it: policy in force; search, links and keyboard work.
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
watch(page, 'in use');
await page.goto(address);
const must = (holds, what) => { if (!holds) problems.push(`in use: ${what}`); };
must(await page.evaluate(() => getComputedStyle(document.querySelector('.model')).borderTopWidth === '1px'), 'the style is not applied');
await page.fill('#indicator-tools input[type=search]', 'zzzz-nothing-is-called-so');
must((await page.locator('.indicator:not([hidden])').count()) === 0, 'the search leaves what does not fit');
must((await page.textContent('#indicator-tools [role=status]')).startsWith('0 of'), 'the search does not say what it found');
await page.fill('#indicator-tools input[type=search]', '');
await page.evaluate(() => { location.hash = document.querySelector('.indicator > .body').id; });
await page.waitForTimeout(100);
must(await page.evaluate(() => document.querySelector('.indicator').open), 'a link does not open its target');
await page.goto(`${address}#`);
await page.reload();
await page.keyboard.press('Tab');
must(await page.evaluate(() => document.activeElement.className === 'skip'), 'the first stop is not the skip link');
const plain = await (await browser.newContext({ javaScriptEnabled: false })).newPage();
watch(plain, 'without script');
await plain.goto(address);
must((await plain.locator('.heat').count()) > 0 && (await plain.locator('.indicator summary').count()) > 0, 'without script there is nothing to read');
await browser.close();
for (const problem of problems) console.log(problem);
process.exit(problems.length ? 1 : 0);

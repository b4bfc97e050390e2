// The links of a list of pages by undici and htmlparser2.
//
//   node main.mjs LIST OUT IN_FLIGHT PER_HOST
import { createWriteStream, readFileSync } from "node:fs";
import { Parser } from "htmlparser2";
import { Agent, request } from "undici";

const [list, file, inFlight, perHost] = process.argv.slice(2);
const urls = readFileSync(list, "utf8").trim().split("\n");
const out = createWriteStream(file);
const dispatcher = new Agent({ connections: Number(perHost), pipelining: 1 });
let next = 0;
let pages = 0;
let links = 0;

async function linksOf(url) {
  const { statusCode, body } = await request(url, { dispatcher });
  if (statusCode !== 200) {
    await body.dump();
    return null;
  }
  const found = new Set();
  let base = url;
  const parser = new Parser({
    onopentag(name, { href }) {
      if (href === undefined) return;
      try {
        if (name === "base") base = new URL(href, url).href;
        else if (name === "a" || name === "area" || name === "link") found.add(new URL(href, base).href);
      } catch {
        // no URL
      }
    },
  });
  body.setEncoding("utf8");
  for await (const piece of body) parser.write(piece);
  parser.end();
  return found;
}

async function work() {
  while (next < urls.length) {
    const url = urls[next++];
    const found = await linksOf(url).catch(() => null);
    if (!found) continue;
    let text = "";
    for (const link of found) text += `${url}\t${link}\n`;
    out.write(text);
    pages++;
    links += found.size;
  }
}

await Promise.all(Array.from({ length: Number(inFlight) }, work));
await new Promise((done) => out.end(done));
console.log(pages, links);
process.exit(0);

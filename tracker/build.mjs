// tracker/build.mjs OUT: bundles the tracker to OUT/cairn.js and lays the demo shop at OUT/demo/.
import { build } from 'esbuild';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error('usage: tracker/build.mjs OUT');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
await build({
  entryPoints: [join(here, 'src/cairn.ts')],
  outfile: join(out, 'cairn.js'),
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
});

// The shop's pages share one frame; a product's page is that frame with the product's key.
const shop = join(out, 'demo');
cpSync(join(here, 'demo-shop'), shop, { recursive: true });
const frame = readFileSync(join(shop, 'frame.html'), 'utf8');
rmSync(join(shop, 'frame.html'));
const { products } = await import('./demo-shop/products.js');
const page = (path, name, title) => {
  mkdirSync(dirname(join(shop, path)), { recursive: true });
  writeFileSync(join(shop, path), frame.replaceAll('{{page}}', name).replaceAll('{{title}}', title));
};
page('index.html', 'list', 'Fell & Ford');
page('cart.html', 'cart', 'Your cart');
page('checkout.html', 'checkout', 'Checkout');
page('thanks.html', 'thanks', 'Thank you');
for (const p of products) page(`p/${p.id}.html`, p.id, p.name);

const bytes = gzipSync(readFileSync(join(out, 'cairn.js')), { level: 9 }).length;
console.log(`tracker: cairn.js is ${bytes} bytes gzipped`);

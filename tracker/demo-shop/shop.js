/* The demo shop: a list, product pages, a cart, a checkout; each step told to the tracker the way a
 * shop's developer would: GA4's event names, and attributes where there is no script to write. */
import { products } from './products.js';

const CURRENCY = 'EUR';
const money = new Intl.NumberFormat('en', { style: 'currency', currency: CURRENCY });
const main = document.getElementById('main');
const page = document.body.dataset.page;

/* The tracker may be blocked: the shop works all the same. */
const cairn = (...args) => window.cairn?.(...args);

const drawings = {
  boot: 'M30 18h16v26l24 8a8 8 0 0 1 6 8v6H30z',
  jacket: 'M36 16h28l18 12-8 16-8-4v32H34V40l-8 4-8-16z',
  pack: 'M34 28a16 16 0 0 1 32 0h4a6 6 0 0 1 6 6v38H24V34a6 6 0 0 1 6-6zM36 48h28v14H36z',
  stove: 'M28 44h44l-6 28H34zM32 36h36v4H32zM50 14c8 8 8 12 0 20-8-8-8-12 0-20z',
  tent: 'M50 18 88 72H12zM50 38 36 72h28z',
  poles: 'M36 12h4l6 62h-4zM60 12h4l-6 62h-4z',
  lantern: 'M40 20a10 10 0 0 1 20 0h-4a6 6 0 0 0-12 0zM34 24h32v6H34zM36 34h28v28H36zM34 66h32v6H34z',
  flask: 'M42 12h16v8H42zM40 24h20l4 8v40H36V32z',
  glove: 'M36 74V46l-8-10 6-4 8 8V20h6v16h4V16h6v20h4V22h6v30l-4 8v14z',
  hat: 'M30 54c0-34 40-34 40 0zM18 58h64v8H18z',
  map: 'M20 22l20-6 20 6 20-6v48l-20 6-20-6-20 6zM40 22v36l20 6V28z',
  socks: 'M38 14h22v32l-4 12-18 16a10 10 0 0 1-14-14l14-14z',
};
const picture = (p) =>
  `<svg class="picture" viewBox="0 0 100 86" role="img" aria-label="${p.name}"><path fill="currentColor" fill-rule="evenodd" d="${drawings[p.shape]}"/></svg>`;

const cart = {
  read: () => JSON.parse(sessionStorage.getItem('cart') || '[]'),
  write(lines) {
    sessionStorage.setItem('cart', JSON.stringify(lines));
    showCount();
  },
};
const count = (lines) => lines.reduce((n, l) => n + l.quantity, 0);
const total = (lines) => Math.round(lines.reduce((sum, l) => sum + 100 * l.price * l.quantity, 0)) / 100;
const item = (p, quantity = 1, size) => ({
  item_id: p.id,
  item_name: p.name,
  item_category: p.category,
  ...(size ? { item_variant: size } : {}),
  price: p.price,
  quantity,
});
const order = (lines) => ({
  value: total(lines),
  currency: CURRENCY,
  items: lines.map((l) => item(products.find((p) => p.id === l.id), l.quantity, l.size)),
});

function showCount() {
  const badge = document.getElementById('cart-count');
  const n = count(cart.read());
  badge.textContent = n;
  badge.hidden = n === 0;
}

function showList() {
  const term = new URLSearchParams(location.search).get('q') || '';
  const found = products.filter((p) => (p.name + ' ' + p.text).toLowerCase().includes(term.toLowerCase()));
  document.querySelector('[name=q]').value = term;
  main.innerHTML =
    `<h1>${term ? (found.length ? 'Found for you' : 'Nothing found. Everything we have:') : 'Made for wet hills'}</h1><ul class="grid">` +
    (found.length ? found : products)
      .map((p) => `<li><a href="/demo/p/${p.id}.html">${picture(p)}${p.name}<br><span class="price">${money.format(p.price)}</span></a></li>`)
      .join('') +
    '</ul>';
  cairn('view_item_list', { item_list_id: term ? 'search' : 'home', items: found.map((p) => item(p)) });
}

function showProduct(p) {
  const sizes = p.sizes.map((s) => `<option>${s}</option>`).join('');
  main.innerHTML = `<div class="product"><div>${picture(p)}</div><div>
    <h1>${p.name}</h1><p class="price">${money.format(p.price)}</p><p>${p.text}</p>
    <div class="row">
      ${sizes ? `<label>Size <select id="size">${sizes}</select></label>` : ''}
      <button id="add">Add to cart</button>
      <button class="quiet" data-cairn-event="add_to_wishlist" data-cairn-product="${p.id}">Keep for later</button>
    </div>
    ${sizes ? `<details><summary data-cairn-event="size_guide" data-cairn-product="${p.id}">Size guide</summary><p>Measure in the evening; between two sizes take the larger one.</p></details>` : ''}
    <details><summary data-cairn-event="view_delivery" data-cairn-product="${p.id}">Delivery and returns</summary><p>Two to four days. Sixty days to change your mind.</p></details>
  </div></div>`;
  cairn('view_item', { value: p.price, currency: CURRENCY, items: [item(p)] });
  document.getElementById('add').addEventListener('click', () => {
    const size = document.getElementById('size')?.value;
    const lines = cart.read();
    const line = lines.find((l) => l.id === p.id && l.size === size);
    if (line) line.quantity++;
    else lines.push({ id: p.id, price: p.price, size, quantity: 1 });
    cart.write(lines);
    document.getElementById('add').textContent = 'Added';
    cairn('add_to_cart', { value: p.price, currency: CURRENCY, items: [item(p, 1, size)] });
  });
}

function showCart() {
  const lines = cart.read();
  if (!lines.length) {
    main.innerHTML = '<h1>Your cart is empty</h1><p><a href="/demo/">Look around</a></p>';
    return;
  }
  main.innerHTML =
    '<h1>Your cart</h1><table><thead><tr><th>Product</th><th>Number</th><th>Price</th></tr></thead><tbody>' +
    lines
      .map((l) => {
        const p = products.find((q) => q.id === l.id);
        return `<tr><td>${p.name}${l.size ? ', ' + l.size : ''}</td><td>${l.quantity}</td><td>${money.format(l.price * l.quantity)}</td></tr>`;
      })
      .join('') +
    `</tbody></table><p class="price">Together ${money.format(total(lines))}</p><p><a class="button" href="/demo/checkout.html">To the checkout</a></p>`;
  cairn('view_cart', order(lines));
}

function showCheckout() {
  const lines = cart.read();
  main.innerHTML = `<h1>Checkout</h1><form class="fields" id="checkout">
    <label>Name <input name="name" required autocomplete="off"></label>
    <label>Address <input name="address" required autocomplete="off"></label>
    <label>Payment <select name="payment"><option>Invoice</option><option>Card</option><option>Transfer</option></select></label>
    <button>Buy for ${money.format(total(lines))}</button></form>`;
  cairn('begin_checkout', order(lines));
  const form = document.getElementById('checkout');
  form.address.addEventListener('change', () => cairn('add_shipping_info', order(lines)), { once: true });
  form.payment.addEventListener('change', () => cairn('add_payment_info', { ...order(lines), payment_type: form.payment.value }), { once: true });
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    cairn('purchase', { ...order(lines), transaction_id: 'D-' + Date.now().toString(36) });
    cart.write([]);
    location.href = '/demo/thanks.html';
  });
}

showCount();
if (page === 'list') showList();
else if (page === 'cart') showCart();
else if (page === 'checkout') showCheckout();
else if (page === 'thanks') main.innerHTML = '<h1>Thank you</h1><p>If this were a shop, your parcel would be on its way.</p>';
else showProduct(products.find((p) => p.id === page));

document.querySelector('.newsletter').addEventListener('submit', (e) => {
  e.preventDefault();
  e.target.querySelector('button').textContent = 'Thank you';
});
const consent = document.getElementById('consent');
consent.checked = document.cookie.includes('_cairn=');
consent.addEventListener('change', () => cairn('consent', consent.checked));

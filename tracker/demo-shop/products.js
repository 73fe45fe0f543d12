/* What the demo shop sells.  `shape` names a drawing in shop.js. */
export const products = [
  { id: 'ridge-boots', name: 'Ridge boots', price: 149.0, category: 'Footwear', sizes: ['39', '40', '41', '42', '43', '44'], shape: 'boot', text: 'Full-grain leather, resoled for life. Waterproof to the ankle.' },
  { id: 'tarn-jacket', name: 'Tarn jacket', price: 219.0, category: 'Clothing', sizes: ['S', 'M', 'L', 'XL'], shape: 'jacket', text: 'A rain shell that breathes uphill and packs into its own pocket.' },
  { id: 'beck-pack', name: 'Beck pack 28', price: 98.0, category: 'Packs', sizes: [], shape: 'pack', text: 'Twenty-eight litres, two pockets, no straps you do not need.' },
  { id: 'cairn-stove', name: 'Hearth stove', price: 64.5, category: 'Camp', sizes: [], shape: 'stove', text: 'Boils half a litre in three minutes, even in wind.' },
  { id: 'fell-tent', name: 'Fell tent', price: 389.0, category: 'Camp', sizes: ['1 person', '2 persons'], shape: 'tent', text: 'Pitched by one in four minutes. Stands where others fly.' },
  { id: 'wool-socks', name: 'Wool socks', price: 18.0, category: 'Footwear', sizes: ['36-38', '39-41', '42-44'], shape: 'socks', text: 'Merino, cushioned at heel and toe. Two pairs.' },
  { id: 'trail-poles', name: 'Trail poles', price: 79.0, category: 'Hike', sizes: [], shape: 'poles', text: 'Cork grips, three sections, 190 grams each.' },
  { id: 'dusk-lantern', name: 'Dusk lantern', price: 34.0, category: 'Camp', sizes: [], shape: 'lantern', text: 'Warm light for a week of evenings on one charge.' },
  { id: 'steel-flask', name: 'Steel flask', price: 29.0, category: 'Hike', sizes: [], shape: 'flask', text: 'Keeps tea hot until the summit and back.' },
  { id: 'storm-gloves', name: 'Storm gloves', price: 45.0, category: 'Clothing', sizes: ['S', 'M', 'L'], shape: 'glove', text: 'Windproof, with fingertips that work on a phone.' },
  { id: 'ridge-hat', name: 'Ridge hat', price: 32.0, category: 'Clothing', sizes: [], shape: 'hat', text: 'Boiled wool. Stays on.' },
  { id: 'map-case', name: 'Map case', price: 19.5, category: 'Hike', sizes: [], shape: 'map', text: 'For those who know that batteries end.' },
];

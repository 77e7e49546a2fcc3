/** What the shop sells. */

export interface Tea {
  readonly id: string;
  readonly name: string;
  readonly origin: string;
  readonly taste: string;
  /** Price of 100 g in cents. */
  readonly price: number;
  /** The drawing in index.html, and the colour of the tea in it. */
  readonly drawing: string;
  readonly colour: string;
}

export const teas: readonly Tea[] = [
  {
    id: 'sencha',
    name: 'Sencha Asatsuyu',
    origin: 'Kagoshima, Japan',
    taste: 'Sweet grass, a little sea air',
    price: 1450,
    drawing: 'teapot',
    colour: '#8fae4e',
  },
  {
    id: 'earl-grey',
    name: 'Earl Grey',
    origin: 'Nuwara Eliya, Sri Lanka',
    taste: 'Bright, with real bergamot',
    price: 890,
    drawing: 'cup',
    colour: '#b0662c',
  },
  {
    id: 'matcha',
    name: 'Matcha Uji',
    origin: 'Kyoto, Japan',
    taste: 'Thick, mellow, deep green',
    price: 2890,
    drawing: 'bowl',
    colour: '#6f9a3a',
  },
  {
    id: 'oolong',
    name: 'Tieguanyin Oolong',
    origin: 'Anxi, China',
    taste: 'Orchid first, butter after',
    price: 1720,
    drawing: 'gaiwan',
    colour: '#c99a3f',
  },
  {
    id: 'chamomile',
    name: 'Chamomile',
    origin: 'Thuringia, Germany',
    taste: 'Honey and warm hay',
    price: 640,
    drawing: 'glass',
    colour: '#dcb64a',
  },
  {
    id: 'rooibos',
    name: 'Rooibos',
    origin: 'Cederberg, South Africa',
    taste: 'Vanilla, red wood, no caffeine',
    price: 720,
    drawing: 'tin',
    colour: '#a8472f',
  },
];

const currency = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' });

export function formatPrice(cents: number): string {
  return currency.format(cents / 100);
}

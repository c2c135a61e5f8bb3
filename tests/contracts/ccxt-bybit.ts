import { z } from 'zod';

/** What these tests call of ccxt: the library's own types promise more than it checks, so that answers are read as unknown. */
type Methods = Readonly<Record<string, (...parameters: readonly unknown[]) => Promise<unknown>>>;

/** ccxt pro's Bybit, unmodified, with the local exchange's addresses. */
export interface CcxtBybit {
  call(method: string, ...parameters: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

interface Instance {
  urls: { api: Record<string, unknown> };
}

export interface CcxtOptions {
  readonly demo?: boolean;
  readonly secret?: string;
}

/** Loads the one exchange, not the whole library. */
export async function openCcxt(url: string, { demo = false, secret = 'SECRET' }: CcxtOptions = {}): Promise<CcxtBybit> {
  const file = new URL('./src/pro/bybit.js', import.meta.resolve('ccxt'));
  const module = (await import(file.href)) as { readonly default: new (options: object) => Instance & Methods };
  const client = new module.default({
    apiKey: 'KEY',
    secret,
    enableRateLimit: false,
    options: { defaultType: 'swap', fetchMarkets: { types: ['spot', 'linear'] } },
  });
  if (demo) client['enableDemoTrading']!(true);
  for (const name of ['spot', 'futures', 'v2', 'public', 'private']) client.urls.api[name] = url;
  const socket = url.replace('http', 'ws');
  const publicUrl = (category: string): string => `${socket}/v5/public/${category}`;
  const privateUrl = `${socket}/v5/private`;
  client.urls.api['ws'] = {
    public: {
      spot: publicUrl('spot'),
      linear: publicUrl('linear'),
      inverse: publicUrl('inverse'),
      option: publicUrl('option'),
    },
    private: {
      spot: { unified: privateUrl, nonUnified: privateUrl },
      contract: privateUrl,
      usdc: privateUrl,
      trade: `${socket}/v5/trade`,
    },
  };
  await client['loadHttpProxyAgent']!();
  return {
    call: (method, ...parameters) => client[method]!(...parameters),
    close: async () => {
      await client['close']!();
    },
  };
}

const amount = z.number().positive();

/** ccxt's unified answers, as far as they must be right. */
export const unified = {
  time: z.number().int(),
  candle: z.tuple([z.number().int(), amount, amount, amount, amount, z.number().min(0)]),
  markCandle: z.tuple([z.number().int(), amount, amount, amount, amount, z.undefined()]),
  ticker: z.object({
    symbol: z.string(),
    last: amount,
    high: amount,
    low: amount,
    percentage: z.number(),
    baseVolume: amount,
  }),
  quote: z.object({ symbol: z.string(), bid: amount, ask: amount, bidVolume: amount, askVolume: amount }),
  trade: z.object({
    id: z.string(),
    timestamp: z.number().int(),
    side: z.enum(['buy', 'sell']),
    price: amount,
    amount,
  }),
  book: z.object({
    bids: z.array(z.tuple([amount, amount])).min(5),
    asks: z.array(z.tuple([amount, amount])).min(5),
    timestamp: z.number().int(),
  }),
  balance: z.object({ free: amount, total: amount }),
  names: z.object({ id: z.string().min(10), clientOrderId: z.string().optional() }),
  order: z.object({
    id: z.string(),
    clientOrderId: z.string().optional(),
    symbol: z.string(),
    status: z.enum(['open', 'closed', 'canceled', 'rejected']),
    type: z.enum(['market', 'limit']),
    side: z.enum(['buy', 'sell']),
    amount: amount,
    filled: z.number().min(0),
    price: z.number().optional(),
    average: z.number().optional(),
    triggerPrice: z.number().optional(),
    reduceOnly: z.boolean().optional(),
    postOnly: z.boolean().optional(),
  }),
  myTrade: z.object({
    id: z.string(),
    order: z.string(),
    symbol: z.string(),
    side: z.enum(['buy', 'sell']),
    price: amount,
    amount,
    cost: amount,
    takerOrMaker: z.enum(['taker', 'maker']),
    fee: z.object({ cost: z.number(), currency: z.string(), rate: z.number() }),
  }),
  position: z.object({
    symbol: z.string(),
    contracts: z.number().optional(),
    side: z.string().optional(),
    entryPrice: z.number().optional(),
    leverage: z.number().optional(),
  }),
  fee: z.object({ symbol: z.string(), maker: amount, taker: amount }),
} as const;

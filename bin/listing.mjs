/** Asks a provider for `GET /models`, and reads what an entry says of a model; each host has its own words for it. */

/** How long a provider may take to answer, and how many bytes are read of it. */
const PATIENCE_MS = 30_000;
const MOST_BYTES = 32 * 1024 * 1024;
/**
 * What a model may cost, in US dollars for a million tokens, if it costs anything: what is listed beyond is for some other number of
 * tokens than is thought.
 */
const [LEAST, MOST] = [0.0001, 10_000];

/** What `GET /models` of a provider lists; throws what is wrong, without the key. */
export async function listingOf({ baseUrl, apiKey, apiKeyEnv, headers = {} }, env) {
  const key = apiKey?.trim() ?? (apiKeyEnv && env[apiKeyEnv]?.trim());
  if (apiKeyEnv && !key) throw new Error(`${apiKeyEnv} is not set`);
  const response = await fetch(`${baseUrl.replace(/\/+$/, '')}/models`, {
    headers: { accept: 'application/json', ...headers, ...(key && { authorization: `Bearer ${key}` }) },
    redirect: 'error',
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new Error(`answered with status ${response.status}`);
  const listing = parsed(await textOf(response));
  if (hasMore(listing)) throw new Error('lists its models in pages, of which there are more than one');
  const rows = [listing, listing?.data, listing?.models].find(Array.isArray) ?? [];
  const known = rows.filter((row) => typeof row?.id === 'string');
  if (known.length === 0) throw new Error('lists nothing');
  return known;
}

async function textOf(response) {
  let [text, bytes] = ['', 0];
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error('answered with more than 32 MiB');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** What a text of JSON holds. The words of its parser are not shown: they cite what was sent, which may be the key. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('answered with something else than JSON');
  }
}

/** Whether a listing says that it goes on: what is not on its first page would be taken for gone. */
function hasMore(listing) {
  const { has_more: more, next, next_page: page, next_page_token: token, nextPageToken: googleToken } = listing ?? {};
  return more === true || [next, page, token, googleToken].some((way) => (typeof way === 'string' && way !== '') || typeof way === 'number');
}

/** A price as a number: `"$0.00000055"`, `"5.5e-7"` or a number. */
function amount(value) {
  const number = typeof value === 'string' && /^\$?[\d.]+(e[-+]?\d+)?$/i.test(value.trim()) ? Number(value.trim().replace('$', '')) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
}

/** In US dollars for a million tokens, without what a product of floating-point numbers adds; undefined if no model costs that. */
function perMillion(value, times) {
  const price = amount(value) * times;
  return price === 0 || (price >= LEAST && price <= MOST) ? Math.round(price * 1e6) / 1e6 : undefined;
}

/**
 * The prices of an entry, by the names of the catalogue's fields; undefined if it tells none. Prices of nothing but zeros are
 * none: hosts list so what they do not sell by the token.
 */
export function pricesOf(row) {
  const found = [
    // OpenRouter, Synthetic: for a token, as text.
    [row.pricing, 1e6, ['prompt', 'completion', ['input_cache_read', 'input_cache_reads'], ['internal_reasoning']]],
    // Together: for a million tokens.
    [row.pricing, 1, ['input', 'output', ['cached_input'], []]],
    // DeepInfra: the same, further in.
    [row.metadata?.pricing, 1, ['input_tokens', 'output_tokens', ['cache_read_tokens'], []]],
  ].map(([pricing, times, [prompt, completion, cached, reasoning]]) => {
    const of = (name) => perMillion(pricing?.[name], times);
    const first = (names) => names.map(of).find((price) => price > 0);
    return [of(prompt), of(completion), first(cached), first(reasoning)];
  }).find(([prompt, completion]) => prompt !== undefined && completion !== undefined);
  if (!found) return undefined;
  const [promptUsdPer1M, completionUsdPer1M, cachedPromptUsdPer1M, reasoningUsdPer1M] = found;
  if (promptUsdPer1M + completionUsdPer1M === 0) return undefined;
  return {
    promptUsdPer1M,
    completionUsdPer1M,
    ...(cachedPromptUsdPer1M !== undefined && { cachedPromptUsdPer1M }),
    ...(reasoningUsdPer1M !== undefined && { reasoningUsdPer1M }),
  };
}

/** The day in UTC from which the host serves the model no more, as `YYYY-MM-DD`; undefined if it names none. */
export function retirementOf(row) {
  const named = [row.deprecation, row.deprecation_date, row.expiration_date, row.shutdown_date, row.retires_on];
  return named.map(dayOf).find((day) => day !== undefined);
}

/** A day of this century, for hosts write others where there is none; or that of a moment in UTC, for which one without an offset is taken. */
function dayOf(value) {
  const [, day, time = '00:00:00', offset = 'Z'] = /^(20\d\d-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/.exec(value) ?? [];
  // A day that its month does not have would be one of the next.
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const moment = new Date(`${day}T${time}${offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString().slice(0, 10);
}

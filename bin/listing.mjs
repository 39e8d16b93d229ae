/** What an entry of `GET /models` says of a model beside its name; each host has its own words for it. */

/** The highest price that a catalogue takes, in US dollars for a million tokens. */
const HIGHEST = 1_000_000;

/** A price as a number: `"$0.00000055"`, `"0.00000055"` or a number. */
function amount(value) {
  const number = typeof value === 'string' ? Number(value.trim().replace(/^\$/, '') || NaN) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
}

/** In US dollars for a million tokens, without what a product of floating-point numbers adds. */
const perMillion = (value, times) => {
  const price = amount(value);
  return price === undefined ? undefined : Math.round(price * times * 1e6) / 1e6;
};

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
  if (Math.max(promptUsdPer1M, completionUsdPer1M) > HIGHEST || promptUsdPer1M + completionUsdPer1M === 0) return undefined;
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

/** A day, or that of a moment in UTC, for which one without an offset is taken. */
function dayOf(value) {
  const [, day, time = '00:00:00', offset = 'Z'] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?)?$/.exec(value) ?? [];
  // A day that its month does not have would be one of the next.
  const midnight = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(midnight.getTime()) || midnight.toISOString().slice(0, 10) !== day) return undefined;
  const moment = new Date(`${day}T${time}${offset.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString().slice(0, 10);
}

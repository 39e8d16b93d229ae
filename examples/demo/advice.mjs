/** What to try when a server of one's own gave no score at all. */

const RESPONSE_FORMAT = 'response_format';

/**
 * Why nothing could be read, in a sentence, and what to try; nothing if there is any outcome, or nobody was asked.
 *
 * @param {import('./report.mjs').Result[]} results
 * @returns {string[]}
 */
export function advice(results) {
  const attempts = results.flatMap(({ error }) => error?.attempts ?? []);
  if (attempts.length === 0 || results.some(({ outcome }) => outcome)) return [];
  const kind = mostFrequent(attempts.map(({ failure }) => failure));
  const example = attempts.find(({ failure }) => failure === kind);
  const { why, tries } = reasonFor(kind, attempts);
  return [why, ...beginning(example), ...tries.map((line) => `- ${line}`)];
}

function mostFrequent(kinds) {
  const counts = new Map();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0][0];
}

function reasonFor(kind, attempts) {
  const larger = 'a larger model: name it in FALLCAST_MODEL';
  switch (kind) {
    case 'parse_error':
      return { why: 'The server answered, but no reply holds a score for a match that was asked.', tries: [form(attempts), larger] };
    case 'empty_response':
      return { why: 'The server answered, but without a word.', tries: [form(attempts), larger] };
    case 'truncated':
      return {
        why: 'Every reply was cut off before a score: the model thinks longer than it has room for, or never ends.',
        tries: ['`reasoning: true` of the model, which leaves it room to think', form(attempts), larger],
      };
    case 'timeout':
    case 'deadline':
      return {
        why: 'No whole reply came in time.',
        tries: ['a larger `attemptTimeoutMs`: milliseconds in FALLCAST_TIMEOUT_MS', 'a smaller model, or a server that holds it in memory'],
      };
    case 'network':
      return { why: 'The server could not be reached, or broke off.', tries: ['its address in FALLCAST_BASE_URL, and its log'] };
    default:
      return { why: `The server refused every request (${kind}).`, tries: ['the name in FALLCAST_MODEL, the key in FALLCAST_API_KEY, and its log'] };
  }
}

/** What to try of `responseFormat`, by what the server took of it. */
function form(attempts) {
  const changes = attempts.map(({ adjusted }) => adjusted.find(({ parameter }) => parameter === RESPONSE_FORMAT));
  return changes.every(Boolean)
    ? "a server that takes `responseFormat: 'json_schema'`, such as vLLM, llama.cpp or Ollama in their current versions: this one refused it, "
      + 'and with it even a small model can write nothing but an answer'
    : "another `responseFormat`: the server was asked for 'json_schema' and seems to pay no heed to it";
}

/** How a reply began, or what the server said, as far as it is told. */
function beginning({ message }) {
  return message ? [`One of them: ${message}`] : [];
}

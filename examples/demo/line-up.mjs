/**
 * Which models the demo asks, and where:
 *
 * - with FALLCAST_BASE_URL, those of that OpenAI-compatible server: FALLCAST_MODEL names one or, with commas, several
 *   (otherwise the first three that it lists), FALLCAST_API_KEY is its key if it needs one, FALLCAST_TIMEOUT_MS is the time
 *   of one request (otherwise ten minutes, for a model on one's own machine may be slow);
 * - else with TOGETHER_API_KEY or SYNTHETIC_API_KEY, built-in models of those providers;
 * - else an upstream of the demo's own on loopback, which misbehaves on purpose.
 *
 * @typedef {object} LineUp
 * @property {string[]} about lines for the user
 * @property {import('fallcast').Config} config
 * @property {import('fallcast').PredictOptions} options
 * @property {import('fallcast').PredictionRequest[]} calls
 * @property {number} concurrency how many calls at once
 * @property {string[]} [slate] the models that are asked about everything afterwards
 * @property {boolean} [isOwn] whether they are at a server of the user's own
 * @property {() => Promise<void>} [close]
 */
import { byModel, knownManner, startUpstream } from '../upstream.mjs';

/** Chains beside those of the built-in catalogue. */
const FALLBACKS = {
  'deepseek-v3.2-syn': ['deepseek-v3.1'],
  'glm-4.6-syn': ['minimax-m2-syn'],
  'glm-4.7-syn': ['minimax-m2-syn'],
  'minimax-m2.1-syn': ['minimax-m2-syn'],
  'gpt-oss-120b-syn': ['gpt-oss-20b'],
  'llama-3.3-70b-turbo': ['deepseek-v3.1'],
  'llama-3.2-3b-turbo': ['llama-3.1-405b-turbo', 'llama-3-8b-lite'],
};

/** What happens on loopback: the model that is asked, its name on the wire, how it answers, the same in words. */
const SCRIPT = [
  ['deepseek-r1-0528-syn', 'hf:deepseek-ai/DeepSeek-R1-0528', 'never', 'never answers'],
  ['kimi-k2-thinking-syn', 'hf:moonshotai/Kimi-K2-Thinking', 'internal_error', 'status 500'],
  ['kimi-k2.5-syn', 'hf:moonshotai/Kimi-K2.5', 'rate_limited', 'status 429, try again in 30 s'],
  ['qwen3-235b-thinking-syn', 'hf:Qwen/Qwen3-235B-A22B-Thinking-2507', 'prose', 'prose without a score'],
  ['glm-4.6-syn', 'hf:zai-org/GLM-4.6', 'chinese', 'Chinese without a score'],
  ['deepseek-v3.2-syn', 'hf:deepseek-ai/DeepSeek-V3.2', 'truncated', 'cut off by max_tokens'],
  ['deepseek-r1', 'deepseek-ai/DeepSeek-R1', 'think', 'thinks aloud, then answers'],
  ['llama-3.2-3b-turbo', 'meta-llama/Llama-3.2-3B-Instruct-Turbo', 'model_missing', 'status 404'],
  ['minimax-m2.1-syn', 'hf:MiniMaxAI/MiniMax-M2.1', 'partial', 'answers half of a batch'],
];

/** What is asked about everything on loopback: two models fail, for each of which another of these stands in. */
const SLATE = [
  'deepseek-v3.1', 'deepseek-r1', 'kimi-k2-instruct', 'kimi-k2-thinking-syn', 'minimax-m2-syn', 'glm-4.6-syn', 'gpt-oss-120b-syn',
];

const TOGETHER = ['deepseek-v3.1', 'llama-3.3-70b-turbo', 'qwen3-235b-instruct', 'gpt-oss-20b', 'llama-4-maverick'];
const SYNTHETIC = ['deepseek-v3.2-syn', 'glm-4.7-syn', 'kimi-k2.5-syn', 'minimax-m2.1-syn', 'gpt-oss-120b-syn'];

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {import('fallcast').Match[]} slate
 * @param {AbortSignal} signal
 * @returns {Promise<LineUp>}
 */
export async function chooseLineUp(env, slate, signal) {
  if (env.FALLCAST_BASE_URL) return ownServer(env, slate, signal);
  if (env.TOGETHER_API_KEY || env.SYNTHETIC_API_KEY) return builtInProviders(env, slate);
  return loopback(slate);
}

async function ownServer(env, slate, signal) {
  const { FALLCAST_BASE_URL: baseUrl, FALLCAST_MODEL: names, FALLCAST_API_KEY: apiKey, FALLCAST_TIMEOUT_MS: time } = env;
  const attemptTimeoutMs = Number(time ?? 600_000);
  const models = names ? names.split(',').map((name) => name.trim()) : await listModels(baseUrl, apiKey, signal);
  return {
    about: [`Asking ${models.join(', ')} at ${baseUrl}.`],
    config: {
      builtinCatalog: false,
      // Whatever the server does not take is lowered by itself.
      providers: [{ id: 'own', baseUrl, responseFormat: 'json_schema', ...(apiKey && { apiKey }) }],
      models: models.map((id, index) => ({
        id,
        provider: 'own',
        upstreamModel: id,
        promptUsdPer1M: 0,
        completionUsdPer1M: 0,
        fallbacks: models.slice(index + 1),
      })),
      // A key never travels in the clear, except to loopback.
      http: { allowInsecureHttp: !apiKey },
    },
    isOwn: true,
    options: { attemptTimeoutMs, deadlineMs: Math.min(attemptTimeoutMs * (models.length + 1), 86_400_000) },
    calls: callsFor(models, slate),
    concurrency: 2,
  };
}

async function listModels(baseUrl, apiKey, signal) {
  const headers = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  const url = `${baseUrl.replace(/\/$/, '')}/models`;
  const response = await fetch(url, { headers, signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]) })
    .catch((error) => { throw new Error(`${url}: ${error.cause?.message || error.cause?.code || error.message}`); });
  const models = response.ok ? (await response.json()).data?.slice(0, 3).map(({ id }) => id) : [];
  if (models?.length) return models;
  throw new Error(`${url}: lists no model (status ${response.status}); name one in FALLCAST_MODEL`);
}

function builtInProviders(env, slate) {
  const groups = [env.TOGETHER_API_KEY && TOGETHER, env.SYNTHETIC_API_KEY && SYNTHETIC].filter(Boolean);
  const models = TOGETHER.flatMap((_, index) => groups.map((group) => group[index]));
  const keys = ['TOGETHER_API_KEY', 'SYNTHETIC_API_KEY'].filter((name) => env[name]);
  return {
    about: [`Asking ${models.join(', ')} with ${keys.join(' and ')}.`],
    config: { fallbacks: FALLBACKS },
    options: { maxFallbackCost: 0.05 },
    calls: callsFor(models, slate),
    concurrency: 4,
  };
}

async function loopback(slate) {
  const misbehaviour = Object.fromEntries(SCRIPT.map(([, name, manner]) => [name, manner]));
  const upstream = await startUpstream({ manner: byModel(misbehaviour, ({ model }) => knownManner(model)) });
  const { baseUrl } = upstream;
  return {
    about: [
      'There is no TOGETHER_API_KEY, SYNTHETIC_API_KEY or FALLCAST_BASE_URL, so no model is asked: this runs against an',
      `upstream of its own on loopback (${baseUrl}), over real HTTP. Its scores are made up,`,
      'and it misbehaves on purpose:',
      '',
      ...SCRIPT.map(([modelId, , , says]) => `  ${modelId.padEnd(24)} ${says}`),
    ],
    config: {
      providers: [
        { id: 'together', baseUrl, responseFormat: true },
        { id: 'synthetic', baseUrl, responseFormat: true, modelIdPrefix: 'hf:' },
      ],
      fallbacks: FALLBACKS,
    },
    options: { attemptTimeoutMs: 2000 },
    calls: callsFor(SCRIPT.map(([modelId]) => modelId), slate),
    concurrency: 4,
    slate: SLATE,
    close: upstream.close,
  };
}

/** One call a match, the models taking turns; the last four matches go together, in one call of the last model. */
function callsFor(models, slate) {
  const singles = slate.length > 8 ? slate.slice(0, -4) : slate;
  const calls = singles.map((match, index) => ({ modelId: models[index % models.length], matches: [match] }));
  const batch = slate.slice(singles.length);
  return batch.length > 0 ? [...calls, { modelId: models.at(-1), matches: batch }] : calls;
}
